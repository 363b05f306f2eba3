// What a store knows of one connection: which sessions it asks for and gets, under which label.
import type { StoreEntry } from './session-store.ts';

/** How many IDs of its own sessions a connection remembers: TLS 1.3 may give out tickets for as long as it lasts. */
const maxIds = 32;

/** Sessions by ID, and by tag. */
export interface Selection {
  readonly ids: ReadonlySet<string>;
  readonly tags: ReadonlySet<string>;
}

/** IDs as keys of maps and sets. */
export function keyOf(id: Buffer): string {
  return id.toString('latin1');
}

export function isSelected({ ids, tags }: Selection, entry: Pick<StoreEntry, 'id' | 'tags'>): boolean {
  return ids.has(keyOf(entry.id)) || entry.tags.some((tag) => tags.has(tag));
}

export function labelTag(label: string): string {
  return `label:${label}`;
}

/** SHA-256 of a certificate, as Node's `fingerprint256` or without its colons. */
export function fingerprintTag(fingerprint: string): string {
  return `fingerprint:${fingerprint.replaceAll(':', '').toUpperCase()}`;
}

export class StoreConnection {
  /** The application's, or that of the session that is resumed. */
  label: string | undefined;
  /** Of the client's certificate. */
  fingerprint: string | undefined;
  isSecure = false;
  /** What it resumes, as far as it does, was revoked on the way. */
  isRefused = false;
  readonly #made: Buffer[] = [];
  #found: Buffer[] = [];
  #offered: readonly Buffer[] = [];
  #isLabelRevoked = false;
  #isLost = false;

  /** Its sessions are not to be stored any more. */
  get isBarred(): boolean {
    return this.#isLabelRevoked || this.#isLost;
  }

  /** Its sessions: those made, and, where it has resumed, those that were found for it. */
  get ids(): readonly Buffer[] {
    return [...this.#found, ...this.#made];
  }

  /** Somebody has logged in again. */
  relabel(label: string): void {
    this.label = label;
    this.#isLabelRevoked = false;
  }

  /** The IDs that a lookup is under way for, until the end of the handshake. */
  offers(ids: readonly Buffer[]): void {
    this.#offered = ids;
  }

  made(id: Buffer): void {
    if (this.#made.length < maxIds) this.#made.push(id);
  }

  /**
   * A session that the client offers is known, with this label. Until it is resumed, it may be anybody's: its ID is sent
   * in the clear.
   */
  found(id: Buffer, label: string | undefined): void {
    this.label ??= label;
    if (this.#found.length < maxIds) this.#found.push(id);
  }

  /** Without resumption, nothing that was offered is the client's for certain. */
  secured(isReused: boolean): void {
    this.isSecure = true;
    this.#offered = [];
    if (isReused) return;
    this.#found = [];
    this.label = undefined;
  }

  revoke(selection: Selection): void {
    const { ids, tags } = selection;
    const isOffered = this.#offered.some((id) => ids.has(keyOf(id)));
    const isLabel = this.label !== undefined && tags.has(labelTag(this.label));
    const isFingerprint = this.fingerprint !== undefined && tags.has(this.fingerprint);
    if (!this.isSecure && (isOffered || isLabel || isFingerprint)) this.isRefused = true;
    if (isLabel) this.#isLabelRevoked = true;
    if (isFingerprint || this.isRefused) this.#isLost = true;
  }

  /** What was revoked in the meantime is not known here. */
  lose(): void {
    this.#isLost = true;
    if (!this.isSecure && this.#offered.length > 0) this.isRefused = true;
  }
}
