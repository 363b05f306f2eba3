// For https.request: connections of this package, with its sessions.
import { Agent, type AgentOptions, type RequestOptions } from 'node:https';
import type { SslSocket } from '../net/socket.ts';
import type { NodeClientOptions } from './client-options.ts';
import { ClientPool, nameOf } from './client-pool.ts';
import { picked } from './node-options.ts';

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

  constructor(options: SslAgentOptions = {}) {
    const { maxCachedSessions } = options;
    const pool = new ClientPool(maxCachedSessions);
    // They go before those of each request: not those without a value.
    super(picked(options, Object.keys(options)));
    this.#pool = pool;
  }

  /** Requests share a connection only where this is equal: it has all that a context is made of. */
  override getName(options: RequestOptions & NodeClientOptions = {}): string {
    return `${super.getName(options)}:${nameOf(options)}`;
  }

  override createConnection(options: RequestOptions & NodeClientOptions): SslSocket {
    return this.#pool.connect(options);
  }
}
