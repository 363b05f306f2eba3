// openssl s_server.
import { SslSession } from '../../../src/index.ts';
import { type SServerOptions, sServer } from '../../../src/testing/index.ts';
import { versionOf } from './program.ts';
import type { DataServer, RunningServer, ServerOptions, ServerPeer } from './types.ts';

function optionsOf({ protocol, mechanism, credentials, clientCa, alpn }: ServerOptions): SServerOptions {
  return {
    ...credentials,
    protocol,
    noTicket: mechanism !== 'stateless ticket',
    alpn,
    ...(clientCa === undefined ? {} : { ca: clientCa, requestCert: true, rejectUnauthorized: true }),
  };
}

async function start(options: ServerOptions): Promise<RunningServer> {
  const server = await sServer(optionsOf(options));
  return {
    address: { host: server.host, port: server.port },
    answers: false,
    sights: async (answers) => {
      const connections = await server.waitForConnections(answers.length);
      const selected = [...server.output.matchAll(/^ALPN protocols selected: (\S+)$/gm)];
      return connections.map(({ reused, protocol = '', session }, index) => ({
        resumed: reused,
        protocol,
        alpn: selected[index]?.[1],
        subject: SslSession.fromPEM(session).peerCertificate?.subject,
      }));
    },
    stop: () => server.close(),
  };
}

async function startForData(options: ServerOptions): Promise<DataServer> {
  const server = await sServer({ ...optionsOf(options), rev: true });
  const { host, port } = server;
  return { address: { host, port }, manner: 'reversed lines', stop: () => server.close() };
}

export const sServerPeer: ServerPeer = {
  name: 'openssl s_server',
  version: () => versionOf('openssl', 'version', 'OpenSSL'),
  start,
  startForData,
};
