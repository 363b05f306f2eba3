/**
 * node:https on the system's libssl: the same names, for a change of one import.
 *
 * @module sslctx/https
 */
import type * as http from 'node:http';
import * as node from 'node:https';
import type { SslContext } from '../context.ts';
import type { ContextStore } from '../store/context-store.ts';
import { SslAgent, type SslAgentOptions, type SslRequestOptions } from './agent.ts';
import { putBehind } from './front.ts';
import { tlsOptionNames, without } from './node-options.ts';
import { type NodeServerOptions, NodeServerSettings } from './node-server.ts';

/** The options of Node's `https.createServer`, and this package's. */
export interface ServerOptions extends Omit<http.ServerOptions, keyof NodeServerOptions>, NodeServerOptions {}

type Listener = (request: http.IncomingMessage, response: http.ServerResponse) => void;

/**
 * An HTTPS server: node:https's own class for HTTP, with `SslServer` for TLS. The sockets of its connections are
 * of the class `SslSocket`.
 */
export class Server extends node.Server {
  /** The configuration of TLS, with the session cache. */
  declare readonly context: SslContext;
  /** The store of the option `sessionStore`, as `SslServer.sessionStore`. */
  declare readonly sessionStore: ContextStore | undefined;

  constructor(listener?: Listener);
  constructor(options: ServerOptions, listener?: Listener);
  constructor(options: ServerOptions | Listener = {}, listener?: Listener) {
    const own = typeof options === 'function' ? {} : (options ?? {});
    const settings = new NodeServerSettings({ noDelay: true, ...own }, own.context ? undefined : ['http/1.1']);
    // No roots: it never verifies.
    super({ ...without(own, tlsOptionNames), ca: [] }, typeof options === 'function' ? options : listener);
    putBehind(this, settings, (socket) => this.emit('secureConnection', socket));
  }
}

/** As node:https. */
export function createServer(options: ServerOptions | Listener = {}, listener?: Listener): Server {
  return typeof options === 'function' ? new Server(options) : new Server(options, listener);
}

export type { SslAgentOptions as AgentOptions, SslRequestOptions as RequestOptions };
export { SslAgent as Agent };

/** What requests use that name no agent: keeps connections, as Node's. */
export const globalAgent: SslAgent = new SslAgent({ keepAlive: true, scheduling: 'lifo', timeout: 5000 });

type Callback = (response: http.IncomingMessage) => void;

/**
 * As node:https. A request with an agent of another class is that agent's.
 *
 * @throws what node:https throws, and the constructor of `SslContext`
 */
export function request(options: SslRequestOptions | string | URL, callback?: Callback): http.ClientRequest;
export function request(url: string | URL, options: SslRequestOptions, callback?: Callback): http.ClientRequest;
export function request(...args: RequestArguments): http.ClientRequest {
  return start(...args);
}

type RequestArguments = [
  where: SslRequestOptions | string | URL,
  second?: SslRequestOptions | Callback,
  third?: Callback,
];

function start(...[where, second, third]: RequestArguments): http.ClientRequest {
  const callback = typeof second === 'function' ? second : third;
  const more = typeof second === 'function' ? {} : (second ?? {});
  if (typeof where === 'string' || where instanceof URL) return node.request(where, withAgent(more), callback);
  return node.request(withAgent({ ...where, ...more }), callback);
}

/** As node:https. */
export function get(options: SslRequestOptions | string | URL, callback?: Callback): http.ClientRequest;
export function get(url: string | URL, options: SslRequestOptions, callback?: Callback): http.ClientRequest;
export function get(...args: RequestArguments): http.ClientRequest {
  return start(...args).end();
}

/** `agent: false` is a connection of its own, as in Node. */
function withAgent(options: SslRequestOptions): node.RequestOptions {
  const { agent, createConnection } = options;
  if (createConnection !== undefined) return { ...without(options, []) };
  return { ...without(options, []), agent: agent === false ? new SslAgent() : (agent ?? https.globalAgent) };
}

/** For `import https from`. Another `globalAgent` may be assigned, as in Node. */
const https = { Agent: SslAgent, Server, createServer, get, globalAgent, request };
export default https;
