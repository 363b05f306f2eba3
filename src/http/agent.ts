// For https.request: connections of this package, with its sessions.
import { Agent as PlainAgent } from 'node:http';
import { Agent, type AgentOptions, type RequestOptions } from 'node:https';
import type { SslSocket } from '../net/socket.ts';
import type { NodeClientOptions } from './client-options.ts';
import { ClientPool, nameOf } from './client-pool.ts';
import { picked, without } from './node-options.ts';

const secretNames = ['key', 'pfx', 'passphrase'];
const plainAgent = new PlainAgent();
const plainName = (options: RequestOptions): string => plainAgent.getName(options);

/** The options of Node's `https.Agent`, and this package's. */
export interface SslAgentOptions extends Omit<AgentOptions, keyof NodeClientOptions>, NodeClientOptions {
  /** How many sessions are kept for later connections; 0 for none, which is no resumption. Default 1000. */
  maxCachedSessions?: number | undefined;
}

/** The options of one request, and this package's. */
export interface SslRequestOptions extends Omit<RequestOptions, keyof NodeClientOptions>, NodeClientOptions {}

/**
 * An agent for `request` of node:https, and of `sslctx/https`. Its sessions are in the client cache of a context: one that
 * is given as `context`, whose mode then decides, or one for each set of options.
 *
 * ```ts
 * https.get('https://example.org/', { agent: new SslAgent({ keepAlive: true }) });
 * ```
 *
 * @throws what `connect` throws, at the first request
 */
export class SslAgent extends Agent {
  readonly #pool: ClientPool;
  readonly #secrets: NodeClientOptions;

  constructor(options: SslAgentOptions = {}) {
    const { maxCachedSessions } = options;
    const pool = new ClientPool(maxCachedSessions);
    // They go before those of each request: not those without a value. `options` of Node's agents is for all to see.
    super(without(picked(options, Object.keys(options)), secretNames));
    this.#pool = pool;
    this.#secrets = picked(options, secretNames);
  }

  /** Requests share a connection only where this is equal: it has all that a context is made of. */
  override getName(options: RequestOptions & NodeClientOptions = {}): string {
    // That of https.Agent would have the private key in it, and is a name of `sockets`.
    return `${plainName(options)}:${nameOf({ ...options, ...this.#secrets })}`;
  }

  override createConnection(options: RequestOptions & NodeClientOptions): SslSocket {
    return this.#pool.connect({ ...options, ...this.#secrets });
  }
}
