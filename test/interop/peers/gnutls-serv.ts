// gnutls-serv.
import { TemporaryFiles } from '../../../src/testing/cleanup.ts';
import type { RunningProgram } from '../../../src/testing/program.ts';
import { priority } from './gnutls-cli.ts';
import { freePort, start as startProgram, versionOf } from './program.ts';
import type { DataServer, RunningServer, ServerOptions, ServerPeer, Sight } from './types.ts';

async function listen(mode: string, options: ServerOptions): Promise<{ program: RunningProgram; port: number }> {
  const { protocol, mechanism, credentials, clientCa, alpn = [] } = options;
  const files = new TemporaryFiles();
  try {
    const port = await freePort();
    const args = [mode, '--port', String(port), `--priority=${priority(protocol)}`];
    args.push(`--x509certfile=${files.write('cert', credentials.cert)}`);
    args.push(`--x509keyfile=${files.write('key', credentials.key)}`);
    args.push(...alpn.map((name) => `--alpn=${name}`));
    if (mechanism !== 'stateless ticket') args.push('--noticket');
    if (clientCa === undefined) args.push('--disable-client-cert');
    else args.push('--require-client-cert', '--verify-client-cert', `--x509cafile=${files.write('ca', clientCa)}`);
    const program = startProgram('gnutls-serv', args);
    await program.waitFor('it to listen', () => /listening on IPv4 .*\.\.\.done/.exec(program.output) ?? undefined);
    return { program, port };
  } finally {
    // It has read them before it listens.
    files.remove();
  }
}

async function stop(program: RunningProgram): Promise<void> {
  program.kill();
  await program.ended;
}

async function start(options: ServerOptions): Promise<RunningServer> {
  const { program, port } = await listen('--http', options);
  return {
    address: { host: '127.0.0.1', port },
    answers: true,
    sights: (answers) =>
      program.waitFor('what it says about the connections', () => {
        const seen = program.stdout
          .split(/^\* Accepted connection/m)
          .slice(1)
          .flatMap(sight);
        return seen.length < answers.length ? undefined : seen;
      }),
    stop: () => stop(program),
  };
}

/** Nothing until it has said all that is of interest, or when there was no handshake. */
function sight(text: string): Sight[] {
  const version = /^- Version: TLS(\S+)/m.exec(text)?.[1];
  if (version === undefined || !/^- Options:/m.test(text)) return [];
  return [
    {
      resumed: text.includes('*** This is a resumed session'),
      protocol: `TLSv${version}`,
      alpn: /^- Application protocol: (\S+)/m.exec(text)?.[1],
      subject: /^\s+Subject: (.+)$/m.exec(text)?.[1],
    },
  ];
}

async function startForData(options: ServerOptions): Promise<DataServer> {
  const { program, port } = await listen('--echo', options);
  return { address: { host: '127.0.0.1', port }, manner: 'same lines', stop: () => stop(program) };
}

export const gnutlsServPeer: ServerPeer = {
  name: 'gnutls-serv',
  version: () => versionOf('gnutls-serv', '--version', 'GnuTLS'),
  start,
  startForData,
};
