// nginx, unprivileged, with everything it writes in a folder of its own. It cannot say which port it was given, and
// listens on a Unix socket.
import { mkdirSync } from 'node:fs';
import { TemporaryFiles } from '../../../src/testing/cleanup.ts';
import { start as startProgram, versionOf } from './program.ts';
import type { Address, DataServer, RunningServer, ServerOptions, ServerPeer, Sight } from './types.ts';

interface Nginx {
  address: Address;
  stop(): Promise<void>;
}

async function listen(options: ServerOptions, location: string): Promise<Nginx> {
  const files = new TemporaryFiles();
  mkdirSync(files.path('root'));
  const configuration = files.write('nginx.conf', configure(options, files, location));
  // -e: before it has read its configuration, it would write to the system's log.
  const program = startProgram('nginx', ['-e', 'stderr', '-p', files.path('.'), '-c', configuration]);
  const stop = async (): Promise<void> => {
    program.kill();
    await program.ended;
    files.remove();
  };
  try {
    // It says this when it listens.
    await program.waitFor('it to listen', () => (/event method/.test(program.stderr) ? true : undefined));
  } catch (error) {
    await stop();
    throw error;
  }
  return { address: { path: files.path('socket') }, stop };
}

function configure(options: ServerOptions, files: TemporaryFiles, location: string): string {
  const { protocol, mechanism, credentials, clientCa, directives = '' } = options;
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  return [
    'daemon off; master_process off; error_log stderr notice;',
    `pid ${files.path('pid')};`,
    'events {}',
    'http {',
    'access_log off; keepalive_timeout 0; client_max_body_size 0;',
    ...temporary.map((name) => `${name}_temp_path ${files.path(name)};`),
    'server {',
    `listen unix:${files.path('socket')} ssl; ssl_protocols ${protocol};`,
    `ssl_certificate ${files.write('cert', credentials.cert)}; ssl_certificate_key ${files.write('key', credentials.key)};`,
    `ssl_session_cache shared:interop:1m; ssl_session_tickets ${mechanism === 'stateless ticket' ? 'on' : 'off'};`,
    clientCa === undefined ? '' : `ssl_verify_client on; ssl_client_certificate ${files.write('ca', clientCa)};`,
    directives,
    `location / { ${location} }`,
    '} }',
  ].join('\n');
}

async function start(options: ServerOptions): Promise<RunningServer> {
  const variables = '$ssl_session_reused $ssl_protocol $ssl_alpn_protocol $ssl_client_s_dn.';
  const nginx = await listen(options, `return 200 "saw ${variables}";`);
  return { ...nginx, answers: true, sights: (answers) => Promise.resolve(answers.map(sight)) };
}

function sight(answer: string): Sight {
  const [, reused, protocol, alpn, subject] = /saw ([r.]) (\S+) (\S*) (\S*)\.$/.exec(answer) ?? [];
  if (protocol === undefined) throw new Error(`nginx answered: ${answer}`);
  return { resumed: reused === 'r', protocol, alpn: alpn || undefined, subject: subject || undefined };
}

async function startForData(options: ServerOptions): Promise<DataServer> {
  return { ...(await listen(options, 'root root; dav_methods PUT;')), manner: 'files' };
}

export const nginxPeer: ServerPeer = {
  name: 'nginx',
  version: () => versionOf('nginx', '-v'),
  start,
  startForData,
};
