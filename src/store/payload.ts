// The data of an entry: a session's DER, and the label that the application put on it.
import { SslSession } from '../session.ts';

const version = 1;

/** What an entry holds. */
export interface Payload {
  readonly label: string | undefined;
  readonly der: Buffer;
}

export function packPayload({ label = '', der }: { label?: string | undefined; der: Buffer }): Buffer {
  const text = Buffer.from(label);
  const head = Buffer.alloc(3);
  head.writeUInt8(version);
  head.writeUInt16BE(text.length, 1);
  return Buffer.concat([head, text, der]);
}

/** Nothing for bytes that `packPayload` has not made. */
export function unpackPayload(data: Uint8Array): Payload | undefined {
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  if (bytes.length < 3 || bytes.readUInt8() !== version) return undefined;
  const end = 3 + bytes.readUInt16BE(1);
  if (bytes.length <= end) return undefined;
  return { label: end === 3 ? undefined : bytes.toString('utf8', 3, end), der: bytes.subarray(end) };
}

/**
 * A session of its own for each connection: libssl marks one that a connection has spoilt as not resumable, for all who
 * share it. Nothing unless it is what was asked for, and can be resumed here: libssl would not look at all of this.
 */
export function sessionOf(der: Buffer, id: Buffer, idContext?: Buffer): SslSession | undefined {
  let session: SslSession;
  try {
    session = SslSession.fromDER(der);
  } catch {
    return undefined;
  }
  const isMeant = session.id.equals(id) && (idContext === undefined || session.idContext.equals(idContext));
  if (isMeant && session.cipher !== undefined && session.protocol !== '' && session.expiresAt * 1000 >= Date.now())
    return session;
  session.free();
  return undefined;
}
