// What tests of agents share: a server that notes how it was reached, and requests.
import type { IncomingMessage } from 'node:http';
import { get as nodeGet } from 'node:https';
import type { ExecutionContext } from 'ava';
import { createServer, type Server, type ServerOptions } from '../../src/http/https.ts';
import { type Resumption, SslAgent, type SslAgentOptions, SslSocket } from '../../src/index.ts';
import { certificate } from '../helpers/classes.ts';
import { portOf } from './listen.ts';

export interface Noted {
  server: Server;
  port: number;
  /** For each connection, in order. */
  resumptions: Resumption[];
  /** For each connection: whether it resumed. */
  readonly reused: boolean[];
}

/** A server that answers `hello` and closes, unless `options` say otherwise. */
export async function noting(t: ExecutionContext, options: ServerOptions = {}): Promise<Noted> {
  const resumptions: Resumption[] = [];
  const server = createServer({ ...certificate(), ...options }, (_request, response) => response.end('hello'));
  server.on('secureConnection', (socket: unknown) => {
    if (socket instanceof SslSocket) resumptions.push(socket.resumption);
  });
  const port = await portOf(t, server);
  return {
    server,
    port,
    resumptions,
    get reused() {
      return resumptions.map(({ accepted }) => accepted);
    },
  };
}

/** An agent that trusts the test's certificate, to the end of the test. */
export function agentFor(t: ExecutionContext, options: SslAgentOptions = {}): SslAgent {
  const agent = new SslAgent({ ca: certificate().cert, ...options });
  t.teardown(() => agent.destroy());
  return agent;
}

export interface Answer {
  status: number | undefined;
  text: string;
  /** The connection, as it was. */
  resumption: Resumption;
  authorized: boolean;
}

/** One request of node:https, through an agent. */
export function ask(agent: SslAgent, where: object): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = nodeGet({ host: 'localhost', agent, ...where }, (response: IncomingMessage) => {
      const { socket } = response;
      if (!(socket instanceof SslSocket)) throw new Error('a socket of another class');
      const { resumption, authorized } = socket;
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      const finish = () => resolve({ status: response.statusCode, text, resumption, authorized });
      // When the connection is over, so that its tickets have come.
      if (socket.destroyed || agent.options.keepAlive === true) response.on('end', finish);
      else socket.on('close', finish);
    });
    request.on('error', reject);
  });
}
