// The cells of the matrix: protocol and mechanism.
import type { SslServerOptions } from '../../src/index.ts';
import { makeCertificate } from '../../src/testing/index.ts';
import type { Credentials, Mechanism, Protocol } from './peers/types.ts';

export interface Cell {
  readonly protocol: Protocol;
  readonly mechanism: Mechanism;
}

/** All that exist: TLS 1.3 has no session IDs, and OpenSSL has no stateful tickets in TLS 1.2. */
export const cells: readonly Cell[] = [
  { protocol: 'TLSv1.2', mechanism: 'session ID' },
  { protocol: 'TLSv1.2', mechanism: 'stateless ticket' },
  { protocol: 'TLSv1.3', mechanism: 'stateful ticket' },
  { protocol: 'TLSv1.3', mechanism: 'stateless ticket' },
];

/** As `TLSv1.3, stateful ticket`. */
export function nameOf({ protocol, mechanism }: Cell): string {
  return `${protocol}, ${mechanism}`;
}

/** What happened on the second connection: resumed by which mechanism, or not at all. */
export type Outcome = Mechanism | 'not resumed';

/** A cell with another outcome than its mechanism. */
export interface Exception {
  readonly peer: string;
  readonly cell: Cell;
  readonly outcome: Outcome;
  /** Why this peer cannot. Markdown, for docs/interop.md. */
  readonly reason: string;
}

/** What is expected of a cell. */
export function expected(peer: string, cell: Cell, exceptions: readonly Exception[]): Outcome {
  const isIt = (each: Exception): boolean => each.peer === peer && nameOf(each.cell) === nameOf(cell);
  return exceptions.find(isIt)?.outcome ?? cell.mechanism;
}

/** The options of a server of ours for one cell. */
export function serverOptions({ protocol, mechanism }: Cell): SslServerOptions {
  return {
    ...credentials(),
    minVersion: protocol,
    maxVersion: protocol,
    sessionIdContext: 'interop',
    tickets: mechanism === 'stateless ticket' ? 'stateless' : 'stateful',
  };
}

let shared: Credentials | undefined;

/** The throw-away certificate of all servers, for localhost and 127.0.0.1; its `cert` is whom clients trust. */
export function credentials(): Credentials {
  shared ??= makeCertificate();
  return shared;
}
