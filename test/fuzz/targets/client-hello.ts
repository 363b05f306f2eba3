// The first bytes of a client, to a server that asks everything that can be asked.
import { connect } from 'node:net';
import { createServer, type SslServer } from '../../../src/net/server.ts';
import { makeCertificate } from '../../../src/testing/certificate.ts';
import { claim, refusal, type Target } from '../target.ts';

let running: Promise<{ server: SslServer; port: number }> | undefined;
let words: string[] = [];

async function start(): Promise<{ server: SslServer; port: number }> {
  const server = createServer({
    ...makeCertificate(),
    SNICallback: (servername, callback) => {
      claim(servername !== '' && !servername.includes('\0'), 'a name is a name');
      words.push('name');
      callback(null);
    },
    ALPNCallback: ({ protocols }) => {
      claim(protocols.length > 0, 'nobody is asked without protocols');
      words.push(`alpn ${protocols.length}`);
      return protocols[0];
    },
  });
  server.on('resumeSession', (id, callback) => {
    claim(id.length >= 1 && id.length <= 32, 'an ID is an ID');
    words.push('id');
    callback(null, null);
  });
  server.on('OCSPRequest', (_certificate, _issuer, callback) => callback(null, Buffer.alloc(0)));
  server.on('secureConnection', (socket) => socket.destroy());
  await new Promise<void>((resolve) => server.listen({ port: 0, host: '127.0.0.1' }, () => resolve()));
  const address = server.address();
  claim(typeof address === 'object' && address !== null, 'the server has a port');
  return { server, port: address.port };
}

async function greet(bytes: Buffer): Promise<string> {
  running ??= start();
  const { server, port } = await running;
  words = [];
  const ended = new Promise<void>((resolve) => {
    const failed = (error: Error): void => {
      server.off('secureConnection', secured);
      words.push(refusal(error, ['ERR_SSL_*', 'ERR_OSSL_*', 'ECONNRESET', 'EPIPE']));
      resolve();
    };
    const secured = (): void => {
      server.off('tlsClientError', failed);
      resolve();
    };
    server.once('tlsClientError', failed);
    server.once('secureConnection', secured);
  });
  const socket = connect(port, '127.0.0.1');
  // The server may be faster.
  socket.on('error', () => {});
  socket.resume().end(bytes);
  await Promise.all([ended, new Promise((resolve) => socket.once('close', resolve))]);
  return words.join(' ');
}

export const clientHello: Target = {
  name: 'client-hello',
  run: greet,
  close: async () => (await running)?.server[Symbol.asyncDispose](),
};
