// Makes sessions unusable on every server of a store.
import { looksInside } from '../channel.ts';
import { SessionCacheMode } from '../constants.ts';
import type { SslContext } from '../context.ts';
import { invalidType, invalidValue, SslctxError, toError } from '../errors.ts';
import type { SslSession } from '../session.ts';
import { fingerprintTag, isSelected, keyOf, labelTag, type Selection, type StoreConnection } from './connection.ts';
import { sessionOf, unpackPayload } from './payload.ts';
import type { SessionStore, StoreListener } from './session-store.ts';
import type { Counters } from './statistics.ts';
import { type WriteQueue, withDeadline } from './write-queue.ts';

/** A session of a store, for a function that selects. Good during the call. */
export interface StoredSession {
  readonly id: Buffer;
  /** Put on it by `labelSession`. */
  readonly label: string | undefined;
  readonly session: SslSession;
}

/** What can be revoked: an ID, or what it selects by. */
export type Revocable =
  | Uint8Array
  | { readonly label: string }
  | { readonly fingerprint: string }
  | ((session: StoredSession) => boolean);

/** Deletions at the same time. */
const batch = 256;

interface Message {
  readonly ids: readonly string[];
  readonly tags: readonly string[];
}

function textOf({ ids, tags }: Selection): string {
  const message: Message = { ids: [...ids].map((key) => Buffer.from(key, 'latin1').toString('hex')), tags: [...tags] };
  return JSON.stringify(message);
}

function selectionOf(text: string): Selection {
  const { ids, tags }: Message = JSON.parse(text);
  return { ids: new Set(ids.map((id) => keyOf(Buffer.from(id, 'hex')))), tags: new Set(tags) };
}

interface Parts {
  context: SslContext;
  store: SessionStore;
  queue: WriteQueue;
  counters: Counters;
  connections: Iterable<StoreConnection>;
  /** Of the sessions in the internal cache. */
  labels: ReadonlyMap<string, string | undefined>;
  /** Answers of the store that are on their way may be older than the revocation. */
  forget: () => void;
  retryAfter: number;
  timeout: number;
}

export class Revoker {
  readonly #parts: Parts;
  readonly #listener: StoreListener;
  #stop: (() => unknown) | undefined;
  readonly #active = new Set<Selection>();
  #isOpen = false;
  #isLost = false;
  /** Of the context, while its internal cache must not be used. */
  #mode: number | undefined;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#listener = {
      onMessage: (message) => this.#obey(selectionOf(message.toString())),
      onLost: () => this.#lose(),
      onFound: () => {
        this.#isLost = false;
        this.#useInside(this.isHearing);
      },
    };
    this.#useInside(false);
  }

  /** Whether revocations of other servers would be heard: otherwise nothing may be resumed. */
  get isHearing(): boolean {
    return this.#stop !== undefined && !this.#isLost;
  }

  /** Whether this session is about to be deleted from the store, which must not be asked for it any more. */
  isRevoking(id: Buffer): boolean {
    const key = keyOf(id);
    for (const { ids } of this.#active) if (ids.has(key)) return true;
    return false;
  }

  /** Resolves when they are; it is tried until then, or until `close`. */
  async listen(): Promise<void> {
    const { store, retryAfter } = this.#parts;
    this.#isOpen = true;
    while (this.#isOpen) {
      try {
        this.#stop = (await store.subscribe?.(this.#listener)) ?? (() => {});
        this.#useInside(this.isHearing);
        if (!this.#isOpen) await this.close();
        return;
      } catch {
        await new Promise<void>((resolve) => setTimeout(resolve, retryAfter).unref());
      }
    }
  }

  async close(): Promise<void> {
    const stop = this.#stop;
    this.#stop = undefined;
    this.#isOpen = false;
    this.#useInside(false);
    await stop?.();
  }

  async revoke(what: Revocable): Promise<number> {
    const { store, timeout } = this.#parts;
    const tag = tagOf(what, store);
    try {
      return await withDeadline(this.#revoke(what, tag), timeout);
    } catch (error) {
      const cause = toError(error);
      throw new SslctxError('ERR_SSLCTX_STORE', `the revocation is not complete: ${cause.message}`, { cause });
    }
  }

  async #revoke(what: Revocable, tag: string | undefined): Promise<number> {
    const { store } = this.#parts;
    const selection = await this.#select(what, tag);
    this.#active.add(selection);
    try {
      await this.#obey(selection);
      const count = await this.#delete(selection.ids);
      await store.broadcast?.(Buffer.from(textOf(selection)), this.#listener);
      // A server may have stored a session between the search and the message: now none does any more.
      const { ids } = await this.#select(what, tag);
      await this.#delete(new Set([...ids].filter((id) => !selection.ids.has(id))));
      return count;
    } finally {
      this.#active.delete(selection);
    }
  }

  async #select(what: Revocable, tag: string | undefined): Promise<Selection> {
    const { store } = this.#parts;
    if (what instanceof Uint8Array) return { ids: new Set([keyOf(Buffer.from(what))]), tags: new Set() };
    const ids = new Set<string>();
    if (tag !== undefined) {
      for (const id of (await store.tagged?.(tag)) ?? []) ids.add(keyOf(id));
      return { ids, tags: new Set([tag]) };
    }
    if (typeof what !== 'function') return { ids, tags: new Set() };
    for await (const { id, data } of store.entries?.() ?? []) {
      const payload = unpackPayload(data);
      const session = payload && sessionOf(payload.der, id);
      if (session === undefined) continue;
      if (what({ id, label: payload?.label, session })) ids.add(keyOf(id));
      session.free();
    }
    return { ids, tags: new Set() };
  }

  async #delete(ids: ReadonlySet<string>): Promise<number> {
    const all = [...ids];
    const { store, queue, counters } = this.#parts;
    let count = 0;
    for (let at = 0; at < all.length; at += batch) {
      try {
        const deleted = all.slice(at, at + batch).map(async (key) => store.delete(Buffer.from(key, 'latin1')));
        for (const result of await Promise.all(deleted)) if (result !== false && result !== 0) count++;
      } catch (error) {
        // Once more when the store is back. Until then this server does not ask for them.
        for (const key of all.slice(at)) queue.delete(Buffer.from(key, 'latin1'));
        throw error;
      }
    }
    counters.deletes += count;
    return count;
  }

  /** What this server itself knows: connections, writes that wait, the internal cache. */
  async #obey(selection: Selection): Promise<void> {
    const { connections, queue, counters, forget } = this.#parts;
    forget();
    for (const connection of connections) connection.revoke(selection);
    counters.revoked += selection.ids.size;
    this.#removeInside(selection);
    await queue.revoke((entry) => isSelected(selection, entry));
  }

  #removeInside({ ids, tags }: Selection): void {
    const { context, labels } = this.#parts;
    if (!looksInside(context)) return;
    // Some never reached the store, or are no longer there.
    const labelled = [...labels].filter(([, label]) => label !== undefined && tags.has(labelTag(label)));
    for (const key of new Set([...ids, ...labelled.map(([key]) => key)])) {
      const session = context.getSession(Buffer.from(key, 'latin1'));
      if (session !== undefined) context.removeSession(session);
    }
    if (![...tags].some((tag) => tag.startsWith('fingerprint:'))) return;
    for (const session of context.sessions()) {
      const fingerprint = session.peerCertificate?.fingerprint256;
      if (fingerprint !== undefined && tags.has(fingerprintTag(fingerprint))) context.removeSession(session);
    }
  }

  #lose(): void {
    const { context, connections, queue } = this.#parts;
    this.#isLost = true;
    for (const connection of connections) connection.lose();
    queue.clear();
    this.#useInside(false);
    unlessFreed(() => context.clearSessions());
  }

  /** Who does not hear of revocations must not resume from the internal cache either. */
  #useInside(isOn: boolean): void {
    const { context } = this.#parts;
    if (isOn === (this.#mode === undefined)) return;
    unlessFreed(() => {
      const mode = this.#mode ?? context.sessionCacheMode;
      this.#mode = isOn ? undefined : mode;
      context.sessionCacheMode = isOn ? mode : mode | SessionCacheMode.NO_INTERNAL;
    });
  }
}

/** The application may have freed the context in the meantime. */
function unlessFreed(change: () => void): void {
  try {
    change();
  } catch (error) {
    if (!(error instanceof SslctxError && error.code === 'ERR_SSLCTX_FREED')) throw error;
  }
}

/** What the store has to find, checked before anything is done. */
function tagOf(what: Revocable, store: SessionStore): string | undefined {
  if (what instanceof Uint8Array) return undefined;
  if (typeof what === 'function') {
    if (store.entries === undefined) throw invalidValue('what', `needs a store with 'entries' for a function`);
    return undefined;
  }
  if (typeof what !== 'object' || what === null) {
    throw invalidType('what', 'an ID, { label }, { fingerprint } or a function', what);
  }
  if (store.tagged === undefined) throw invalidValue('what', `needs a store with 'tagged' unless it is an ID`);
  if ('label' in what && typeof what.label === 'string') return labelTag(what.label);
  if ('fingerprint' in what && typeof what.fingerprint === 'string') {
    if (!/^[0-9a-f]{64}$/i.test(what.fingerprint.replaceAll(':', ''))) {
      throw invalidValue('what.fingerprint', 'must be a SHA-256 in hexadecimal');
    }
    return fingerprintTag(what.fingerprint);
  }
  throw invalidValue('what', 'must be an ID, { label }, { fingerprint } or a function');
}
