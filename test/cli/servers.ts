// Other people's servers on TCP, each in a known configuration.
import { constants } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type TlsOptions } from 'node:tls';
import { TemporaryFiles } from '../../src/testing/cleanup.ts';
import { makeCertificate, type SServerOptions, sServer } from '../../src/testing/index.ts';
import { freePort, start } from '../interop/peers/program.ts';

/** A running server. */
export interface TestServer {
  port: number;
  stop(): Promise<void>;
}

export async function opensslServer(options: SServerOptions): Promise<TestServer> {
  const server = await sServer({ timeout: 60_000, ...options });
  return { port: server.port, stop: () => server.close() };
}

export async function nodeServer(options: TlsOptions, keepsSessions = false): Promise<TestServer> {
  const server = createServer({ ...makeCertificate(), ...options }, (socket) => {
    socket.on('error', () => {});
    socket.once('data', () => socket.end('HTTP/1.0 204 None\r\n\r\n'));
  });
  // It keeps none by itself.
  const sessions = new Map<string, Buffer>();
  if (keepsSessions) {
    server.on('newSession', (id: Buffer, session: Buffer, done: () => void) => {
      sessions.set(id.toString('hex'), session);
      done();
    });
    server.on('resumeSession', (id: Buffer, done: (error: null, session: Buffer | null) => void) => {
      done(null, sessions.get(id.toString('hex')) ?? null);
    });
  }
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    port: address.port,
    stop: async () => {
      server.close();
      await once(server, 'close');
    },
  };
}

export const noTicket: TlsOptions = { secureOptions: constants.SSL_OP_NO_TICKET };

/** @param settings - lines of the server's block */
export async function nginxServer(settings: string, listen = '127.0.0.1', onPort?: number): Promise<TestServer> {
  const files = new TemporaryFiles();
  const port = onPort ?? (await freePort());
  const { cert, key } = makeCertificate();
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  const configuration = files.write(
    'nginx.conf',
    [
      'daemon off; master_process off; error_log stderr notice;',
      `pid ${files.path('pid')};`,
      'events {}',
      'http { access_log off;',
      ...temporary.map((name) => `${name}_temp_path ${files.path(name)};`),
      `server { listen ${listen}:${port} ssl; ssl_protocols TLSv1.2 TLSv1.3;`,
      `ssl_certificate ${files.write('cert', cert)}; ssl_certificate_key ${files.write('key', key)};`,
      `${settings} location / { return 204; }`,
      '} }',
    ].join('\n'),
  );
  const program = start('nginx', ['-e', 'stderr', '-p', files.path('.'), '-c', configuration]);
  const stop = async (): Promise<void> => {
    program.kill();
    await program.ended;
    files.remove();
  };
  await program.waitFor('it to listen', () => (/event method/.test(program.stderr) ? true : undefined));
  return { port, stop };
}

export async function gnutlsServer(...options: string[]): Promise<TestServer> {
  const files = new TemporaryFiles();
  const port = await freePort();
  const { cert, key } = makeCertificate();
  const args = ['--http', '--port', String(port), '--disable-client-cert', ...options];
  args.push(`--x509certfile=${files.write('cert', cert)}`, `--x509keyfile=${files.write('key', key)}`);
  const program = start('gnutls-serv', args);
  await program.waitFor('it to listen', () => /listening on IPv4 .*\.\.\.done/.exec(program.output) ?? undefined);
  files.remove();
  const stop = async (): Promise<void> => {
    program.kill();
    await program.ended;
  };
  return { port, stop };
}
