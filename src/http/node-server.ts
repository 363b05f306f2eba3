// Node's options of a TLS server as those of SslServer. In Node, whether clients must have a certificate is the server's
// business; here it is that of each context: so the server's own settings go into the contexts that it is given.
import { SslContext } from '../context.ts';
import { invalidValue } from '../errors.ts';
import type { SslServerOptions } from '../net/server-options.ts';
import { socketOptionNames } from '../net/socket-options.ts';
import { contextOptionsOf, givenContext, type NodeContextOptions, picked } from './node-options.ts';
import { SecureContext } from './secure-context.ts';

/** The options of Node's `tls.createServer`, and this package's. */
export interface NodeServerOptions extends Omit<SslServerOptions, keyof NodeContextOptions>, NodeContextOptions {}

const sameNames = [
  'handshakeTimeout',
  'noDelay',
  'keepAlive',
  'keepAliveInitialDelay',
  'deferTickets',
  'ALPNCallback',
  ...socketOptionNames,
  'sessionStore',
  'lookupTimeout',
];

/** What a server has been told, for its own context and those to come. */
export class NodeServerSettings {
  readonly sslOptions: SslServerOptions;
  readonly #common: NodeContextOptions;
  readonly #adopted = new WeakMap<SslContext, SslContext>();

  /** @param protocols - of the application, unless the options say */
  constructor(options: NodeServerOptions, protocols?: readonly string[]) {
    const { SNICallback, ALPNCallback, ALPNProtocols } = options;
    if (ALPNCallback && ALPNProtocols)
      throw invalidValue('ALPNCallback', `cannot be given together with 'ALPNProtocols'`);
    if (options.workers) throw invalidValue('workers', `is for createServer of 'sslctx', and joinServer`);
    const common = picked(options, ['requestCert', 'rejectUnauthorized', 'ALPNProtocols']);
    this.#common = ALPNCallback || !protocols ? common : { ALPNProtocols: protocols, ...common };
    const given = givenContext(options);
    this.sslOptions = {
      ...(given === undefined ? contextOptionsOf({ ...options, ...this.#common }) : this.#around(given, common)),
      ...picked(options, sameNames),
      SNICallback: SNICallback
        ? (servername, callback) =>
            SNICallback(servername, (error, chosen) => callback(error, chosen && this.contextOf(chosen)))
        : undefined,
    };
  }

  /** A context for this server: of options, or one that `createSecureContext` has made of options. */
  contextOf(given: SslContext | NodeContextOptions): SslContext {
    if (given instanceof SecureContext) {
      const adopted = this.#adopted.get(given) ?? this.#make(given.options);
      this.#adopted.set(given, adopted);
      return adopted;
    }
    if (given instanceof SslContext) return given;
    return givenContext(given) ?? this.#make(given);
  }

  /** A context of the app's own says itself what clients need: options that it would not follow are errors. */
  #around(given: SslContext, common: NodeContextOptions): SslServerOptions {
    const context = this.contextOf(given);
    return context === given ? { ...contextOptionsOf(common), context } : { context };
  }

  #make(options: NodeContextOptions): SslContext {
    return new SslContext(contextOptionsOf({ ...this.#common, ...picked(options, Object.keys(options)) }));
  }
}
