// What a server does when a client hello has come and before libssl goes on: virtual hosts, protocols, session lookup.
import type { EventEmitter } from 'node:events';
import { alpnNames } from '../alpn.ts';
import {
  type ClientHello,
  guardsEarlyData,
  looksInside,
  prepareServerContext,
  Question,
  type SslChannel,
} from '../channel.ts';
import type { SslContext } from '../context.ts';
import { toError } from '../errors.ts';
import { logsKeys } from '../keylog-file.ts';
import { Roster } from '../roster.ts';
import { SslSession } from '../session.ts';
import { type ContextStore, sessionStoreOf, storeOfChannel } from '../store/context-store.ts';
import type { SslServerEvents, SslServerOptions } from './server-options.ts';

const questionNames = ['servername', 'alpn', 'ocsp', 'ids', 'store'] as const;

/** See the options and events of {@link SslServerOptions}. */
export class ServerHello {
  readonly #server: EventEmitter;
  readonly #options: SslServerOptions;
  readonly #contexts = new Map<string, SslContext>();
  readonly #observed = new WeakSet<SslContext>();
  /** Channels that wait for an answer. */
  readonly #waiting = new Roster<SslChannel>();
  #hasStore = false;
  /** Whether client hellos may have to wait: then native code tells of stores, also where one did not. */
  #isAsked = false;

  constructor(server: EventEmitter, options: SslServerOptions) {
    this.#server = server;
    this.#options = options;
  }

  /** What client hellos have to wait here for from now on: bits of {@link Question}. */
  listQuestions(): number {
    const { SNICallback, ALPNCallback } = this.#options;
    const asked = {
      servername: this.#contexts.size > 0 || SNICallback !== undefined,
      alpn: ALPNCallback !== undefined,
      ocsp: this.#hears('OCSPRequest'),
      ids: this.#hears('resumeSession'),
      store: this.#hasStore,
    };
    let bits = 0;
    for (const name of questionNames) if (asked[name]) bits |= Question[name];
    this.#isAsked = bits !== 0;
    return bits;
  }

  #hears(event: keyof SslServerEvents): boolean {
    return this.#server.listenerCount(event) > 0;
  }

  get contexts(): Iterable<SslContext> {
    return this.#contexts.values();
  }

  get hosts(): Iterable<[string, SslContext]> {
    return this.#contexts;
  }

  add(hostname: string, context: SslContext): void {
    this.#contexts.set(hostname.toLowerCase(), context);
  }

  /** From now on handshakes wait, whatever the context: it may have a session store. */
  prepare(context: SslContext): void {
    this.#hasStore ||= sessionStoreOf(context) !== undefined;
  }

  /** Tells the server of the context's new sessions. */
  observe(context: SslContext): void {
    if (this.#observed.has(context)) return;
    this.#observed.add(context);
    context.on('newSession', (session, isElsewhere) => {
      // Another thread's server tells of its own.
      if (session.id.length > 0 && !isElsewhere) this.#server.emit('newSession', session.id, session.toDER(), () => {});
    });
  }

  /** `fail` hears what the server's own functions throw. */
  answer(channel: SslChannel, hello: ClientHello, fallback: SslContext, fail: (error: Error) => void): void {
    const place = this.#waiting.add(channel);
    this.#choose(channel, hello, fallback)
      .catch((error: unknown) => {
        if (!channel.isClosed) fail(toError(error));
      })
      .finally(() => place.leave());
  }

  /** The store of a connection, also of one that did not wait here: its client hello asked for nothing. */
  storeFor(channel: SslChannel, context: SslContext): ContextStore | undefined {
    const known = storeOfChannel(channel);
    if (known !== undefined || !this.#isAsked) return known;
    const store = sessionStoreOf(context);
    // `setSecureContext` may have come in its handshake: its sessions are not that context's.
    if (store === undefined || !channel.runsOn(context)) return undefined;
    store.connect(channel);
    return store;
  }

  /** Closes the channels that wait here. */
  abort(): void {
    for (const channel of this.#waiting) channel.close(false);
  }

  async #choose(channel: SslChannel, hello: ClientHello, fallback: SslContext): Promise<void> {
    const { ALPNCallback } = this.#options;
    const context = hello.servername === '' ? undefined : await this.#contextFor(hello.servername);
    // The server does not know those of SNICallback before.
    if (context !== undefined && (logsKeys || this.#hears('keylog'))) prepareServerContext(context, true);
    const protocols = alpnNames(hello.alpn);
    const alpn =
      ALPNCallback === undefined || protocols.length === 0
        ? undefined
        : // A name that nobody offers: libssl refuses the client.
          (ALPNCallback({ servername: hello.servername, protocols }) ?? '\0');
    const sessions = await this.#lookUp(channel, context ?? fallback, hello.sessionIds);
    const ocsp = hello.requestsOcsp ? await this.#askForOcsp(context ?? fallback) : undefined;
    if (!channel.isClosed)
      channel.resume({ context: context === fallback ? undefined : context, alpn, sessions, ocsp });
    // The connection holds them for itself now.
    for (const session of sessions) session.free();
  }

  #askForOcsp(context: SslContext): Promise<Uint8Array | undefined> | undefined {
    const { certificate } = context;
    if (certificate === undefined || !this.#hears('OCSPRequest')) return undefined;
    const issuer = context.certificateChain.find((other) => certificate.checkIssued(other));
    return new Promise((resolve, reject) => {
      this.#server.emit('OCSPRequest', certificate.raw, issuer?.raw ?? null, (error: Error | null, der?: unknown) => {
        if (error !== null) reject(error);
        else resolve(der instanceof Uint8Array && der.length > 0 ? der : undefined);
      });
    });
  }

  #contextFor(servername: string): Promise<SslContext | undefined> | SslContext | undefined {
    const { SNICallback } = this.#options;
    const name = servername.toLowerCase();
    const own = this.#contexts.get(name) ?? this.#contexts.get(name.replace(/^[^.]+/, '*'));
    if (SNICallback === undefined) return own;
    return new Promise((resolve, reject) => {
      SNICallback(servername, (error, context) => {
        if (error !== null) reject(error);
        else resolve(context ?? own);
      });
    });
  }

  async #lookUp(channel: SslChannel, context: SslContext, ids: readonly Buffer[]): Promise<SslSession[]> {
    const store = sessionStoreOf(context);
    if (store !== undefined) {
      store.connect(channel);
      channel.tell(true, undefined);
      return store.lookUp(channel, ids);
    }
    // libssl knows of its own cache only which session has been used: what comes from elsewhere could come twice.
    if (!this.#hears('resumeSession') || guardsEarlyData(context)) return [];
    const wanted = ids.filter((id) => !looksInside(context) || !context.hasSession(id));
    const found = await Promise.all(wanted.map((id) => this.#ask(id)));
    return found.filter((session) => session !== undefined);
  }

  /** A failing store must not keep clients out: without a session there is a full handshake. */
  #ask(id: Buffer): Promise<SslSession | undefined> {
    return new Promise((resolve) => {
      const answer: SslServerEvents['resumeSession'][1] = (error, der) => {
        if (error !== null || der === undefined || der === null) {
          resolve(undefined);
          return;
        }
        try {
          const session = SslSession.fromDER(der);
          resolve(session.id.equals(id) ? session : undefined);
        } catch {
          resolve(undefined);
        }
      };
      this.#server.emit('resumeSession', id, answer);
    });
  }
}
