// Node's SecureContext.
import { SslContext } from '../context.ts';
import { untouchedCache } from '../net/client-options.ts';
import type { NodeClientOptions } from './client-options.ts';
import { contextOptionsOf, givenContext, type NodeContextOptions, ownOfContext, without } from './node-options.ts';

/**
 * What `createSecureContext` makes: a context for clients. Servers and agents that get one make a context of their own of
 * its options, servers with what they have been told about certificates of clients, agents with a cache.
 */
export class SecureContext extends SslContext {
  readonly #options: NodeContextOptions;

  constructor(options: NodeContextOptions = {}) {
    // Who wants a cache says so.
    super({ sessionCache: untouchedCache, ...contextOptionsOf(options) });
    this.#options = options;
  }

  /** @internal */
  get options(): NodeContextOptions {
    return this.#options;
  }
}

/** As Node's: a context of options, for `secureContext`, `addContext` and `SNICallback`. */
export function createSecureContext(options: NodeContextOptions = {}): SecureContext {
  return new SecureContext(options);
}

/** The same options, with those of a {@link SecureContext} in its place. */
export function expanded(options: NodeClientOptions): NodeClientOptions {
  const given = givenContext(options);
  if (!(given instanceof SecureContext)) return options;
  return { ...without(options, ['context', 'secureContext', ...ownOfContext]), ...given.options };
}
