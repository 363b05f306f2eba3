// What `sslctx probe` finds out, connection by connection.
import type { TlsVersion } from '../constants.ts';
import { SslContext } from '../context.ts';
import type { SslContextOptions } from '../context-options.ts';
import type { SslSession } from '../session.ts';
import { tlsVersions } from './options.ts';
import { type Visit, type VisitOptions, visit } from './visit.ts';

/** A ticket as the server gave it. */
export interface TicketFacts {
  bytes: number;
  /** Seconds; 0 for no word. */
  lifetime: number;
  /** Bytes that the server would take before the handshake is over. */
  maxEarlyData: number;
}

/** One way to resume. */
export interface Way {
  /** The server gave something to resume by. */
  issued: boolean;
  /** It resumed by that. */
  resumed: boolean;
  /** The same was good a second time; undefined when the first did not succeed. */
  again: boolean | undefined;
}

export interface TicketWay extends Way {
  /** After a full handshake. */
  tickets: TicketFacts[];
  /** How many tickets came after a resumption. */
  renewed: number;
  /**
   * `stateful`: too short to hold a session, so the server keeps that. `stateless`: long enough for one; what the server
   * makes of it, only the server knows.
   */
  kind: 'stateful' | 'stateless' | undefined;
  /** What became of early data, where it was wanted and the tickets allow it. */
  earlyData: Visit['earlyData'];
}

export interface VersionFacts {
  version: TlsVersion;
  supported: boolean;
  /** Why not. */
  problem?: string;
  /** Before TLS 1.3, where the client offers no tickets. */
  sessionId?: Way;
  ticket?: TicketWay;
}

/** Whether an address resumes the sessions of another. */
export interface AddressFacts {
  address: string;
  version: TlsVersion;
  resumed: boolean;
  problem?: string;
}

/** Where, and as whom. */
export type Target = Omit<VisitOptions, 'context' | 'session' | 'verify'>;

/** Too few bytes for a key's name, an initialization vector, a secret and a MAC. */
const maxReference = 64;

function codeOf(error: unknown): string {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code;
  return error instanceof Error ? error.message : String(error);
}

/** These say nothing about TLS. */
export function isNetworkProblem(error: unknown): boolean {
  return /^(?:ECONNREFUSED|ENOTFOUND|EAI_\w+|EHOSTUNREACH|ENETUNREACH|EADDRNOTAVAIL|EACCES)$/.test(codeOf(error));
}

/** Probes one address. */
export class Probe {
  readonly #target: Target;
  readonly #options: SslContextOptions;

  constructor(target: Target, options: SslContextOptions) {
    this.#target = target;
    this.#options = options;
  }

  #context(version: TlsVersion, tickets: 'stateless' | 'none' = 'stateless'): SslContext {
    const isOld = version === 'TLSv1' || version === 'TLSv1.1';
    return new SslContext({
      ...this.#options,
      // At OpenSSL's usual level of security there is no cipher suite for those.
      ciphers: this.#options.ciphers ?? (isOld ? 'ALL:@SECLEVEL=0' : undefined),
      minVersion: version,
      maxVersion: version,
      tickets,
      sessionCache: { mode: ['client', 'no-internal'] },
    });
  }

  /** @throws when the server cannot be reached */
  async version(version: TlsVersion): Promise<VersionFacts> {
    const context = this.#context(version);
    let first: Visit;
    try {
      first = await visit({ ...this.#target, context });
    } catch (error) {
      if (isNetworkProblem(error)) throw error;
      return { version, supported: false, problem: codeOf(error) };
    }
    const ticket = await this.#byTicket(context, first);
    if (version === 'TLSv1.3') return { version, supported: true, ticket };
    return { version, supported: true, sessionId: await this.#byId(version), ticket };
  }

  async #byTicket(context: SslContext, first: Visit): Promise<TicketWay> {
    const sessions = first.sessions.filter(({ hasTicket }) => hasTicket);
    const tickets = sessions.map((session) => ({
      bytes: session.ticket?.length ?? 0,
      lifetime: session.ticketLifetimeHint,
      maxEarlyData: session.maxEarlyData,
    }));
    const session = sessions.at(-1);
    const longest = Math.max(0, ...tickets.map(({ bytes }) => bytes));
    const kind = longest === 0 ? undefined : longest <= maxReference ? 'stateful' : 'stateless';
    const way = await this.#resume(context, session);
    return { ...way, tickets, kind };
  }

  async #byId(version: TlsVersion): Promise<Way> {
    const context = this.#context(version, 'none');
    const { sessions } = await visit({ ...this.#target, context, wait: 0 });
    const {
      renewed: _,
      earlyData: __,
      ...way
    } = await this.#resume(
      context,
      sessions.find(({ id }) => id.length > 0),
    );
    return way;
  }

  async #resume(
    context: SslContext,
    session: SslSession | undefined,
  ): Promise<Way & Pick<TicketWay, 'renewed' | 'earlyData'>> {
    if (session === undefined)
      return { issued: false, resumed: false, again: undefined, renewed: 0, earlyData: undefined };
    const second = await visit({ ...this.#target, context, session });
    if (!second.resumption.offered) throw new Error('libssl does not offer what this server gave');
    const resumed = second.resumption.accepted;
    const renewed = resumed ? second.sessions.filter(({ hasTicket }) => hasTicket).length : 0;
    const earlyData = session.maxEarlyData > 0 ? second.earlyData : undefined;
    if (!resumed) return { issued: true, resumed, again: undefined, renewed, earlyData };
    const third = await visit({ ...this.#target, context, session, wait: 0, early: false });
    return { issued: true, resumed, again: third.resumption.accepted, renewed, earlyData };
  }

  /** Takes a session of this address to each of the others. */
  async elsewhere(facts: VersionFacts, addresses: readonly string[]): Promise<AddressFacts[]> {
    const { version, ticket, sessionId } = facts;
    if (ticket?.resumed !== true && sessionId?.resumed !== true) return [];
    const context = this.#context(version, ticket?.resumed ? 'stateless' : 'none');
    const found: AddressFacts[] = [];
    for (const address of addresses) {
      // A new one for each: it may be good only once.
      const { sessions } = await visit({ ...this.#target, context });
      found.push(await this.#offer({ address, version, context, session: sessions.at(-1) }));
    }
    return found;
  }

  async #offer(offer: {
    address: string;
    version: TlsVersion;
    context: SslContext;
    session: SslSession | undefined;
  }): Promise<AddressFacts> {
    const { address, version, context, session } = offer;
    try {
      const { resumption } = await visit({ ...this.#target, host: address, context, session, wait: 0, early: false });
      return { address, version, resumed: resumption.accepted };
    } catch (error) {
      return { address, version, resumed: false, problem: codeOf(error) };
    }
  }
}

/** All versions, or one. The latest first. */
export function versionsToProbe(only: TlsVersion | undefined): TlsVersion[] {
  return only === undefined ? [...tlsVersions].reverse() : [only];
}
