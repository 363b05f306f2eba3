// Files with a session in them.
import { SslSession } from '../session.ts';
import { readInput } from './options.ts';

/** What a file holds, in either form. */
export interface SessionFile {
  session: SslSession;
  form: 'pem' | 'der';
}

/** Reads a file, or standard input for `-`. What begins as an ASN.1 sequence is DER. */
export function readSession(path: string): SessionFile {
  const bytes = readInput(path);
  try {
    if (bytes[0] === 0x30) return { session: SslSession.fromDER(bytes), form: 'der' };
    return { session: SslSession.fromPEM(bytes), form: 'pem' };
  } catch (error) {
    throw new Error(`${path} holds no session: ${error instanceof Error ? error.message : error}`, { cause: error });
  } finally {
    bytes.fill(0);
  }
}
