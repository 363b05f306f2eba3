// A client hello of TLS 1.3 that offers any number of sessions, with a proof for one of them: no library makes these.
import { createHash, createHmac, generateKeyPairSync, randomBytes } from 'node:crypto';
import type { SslSession } from '../../src/index.ts';

const u16 = (value: number): Buffer => Buffer.of(value >> 8, value & 255);
const vector = (bytes: Buffer): Buffer => Buffer.concat([u16(bytes.length), bytes]);
const extension = (type: number, content: Buffer): Buffer => Buffer.concat([u16(type), vector(content)]);

/** HKDF-Expand-Label of RFC 8446, section 7.1: one block is enough here. */
function expandLabel(secret: Buffer, label: string, context: Buffer, hash: string, length: number): Buffer {
  const name = Buffer.from(`tls13 ${label}`);
  const info = Buffer.concat([u16(length), Buffer.of(name.length), name, Buffer.of(context.length), context]);
  return createHmac(hash, secret).update(info).update(Buffer.of(1)).digest().subarray(0, length);
}

/** Section 4.2.11.2: shows that the client has the session. */
function binder(session: SslSession, truncated: Buffer, hash: string): Buffer {
  const { length } = createHash(hash).digest();
  const early = createHmac(hash, Buffer.alloc(length)).update(session.exportMasterKey()).digest();
  const key = expandLabel(early, 'res binder', createHash(hash).digest(), hash, length);
  const finished = expandLabel(key, 'finished', Buffer.alloc(0), hash, length);
  return createHmac(hash, finished).update(createHash(hash).update(truncated).digest()).digest();
}

/** The record of a client hello that offers so many unknown sessions, or these, and then this one. */
export function helloWithSessions(session: SslSession, before: number | SslSession[], servername: string): Buffer {
  const hash = session.cipher?.name.endsWith('SHA384') === true ? 'sha384' : 'sha256';
  const suite = { TLS_AES_128_GCM_SHA256: 0x1301, TLS_AES_256_GCM_SHA384: 0x1302 }[session.cipher?.name ?? ''];
  if (suite === undefined || session.ticket === undefined) throw new Error('no session for this');
  const name = Buffer.from(servername);
  const { publicKey } = generateKeyPairSync('x25519');
  const share = publicKey.export({ type: 'spki', format: 'der' }).subarray(-32);
  const plain = [
    extension(0, vector(Buffer.concat([Buffer.of(0), vector(name)]))),
    extension(10, vector(u16(0x1d))),
    extension(13, vector(u16(0x0403))),
    extension(43, Buffer.of(2, 3, 4)),
    extension(45, Buffer.of(1, 1)),
    extension(51, vector(Buffer.concat([u16(0x1d), vector(share)]))),
  ];
  const others = typeof before === 'number' ? Array.from({ length: before }, () => undefined) : before;
  const sessions = [...others, session];
  const tickets = sessions.map((each) => each?.ticket ?? randomBytes(32));
  const age = Buffer.alloc(4, 9);
  const identities = vector(Buffer.concat(tickets.flatMap((ticket) => [vector(ticket), age])));
  const { length } = createHash(hash).digest();
  const binders = 2 + tickets.length * (1 + length);
  const offer = Buffer.concat([u16(41), u16(identities.length + binders), identities]);
  const total = Buffer.concat(plain).length + offer.length + binders;
  const head = Buffer.concat([Buffer.of(3, 3), randomBytes(32), Buffer.of(0), vector(u16(suite)), Buffer.of(1, 0)]);
  const size = head.length + 2 + total;
  const start = Buffer.of(1, 0, size >> 8, size & 255);
  const truncated = Buffer.concat([start, head, u16(total), ...plain, offer]);
  const proofs = sessions.map((each) => (each === undefined ? randomBytes(length) : binder(each, truncated, hash)));
  const message = [truncated, vector(Buffer.concat(proofs.flatMap((proof) => [Buffer.of(length), proof])))];
  return Buffer.concat([Buffer.of(22, 3, 1), vector(Buffer.concat(message))]);
}

/** Which of the offered sessions a server hello takes; `undefined` for none, which is a full handshake. */
export function selectedSession(serverHello: Buffer): number | undefined {
  if (serverHello[0] !== 22 || serverHello[5] !== 2) throw new Error(`no server hello: ${serverHello.toString('hex')}`);
  // Behind record, message, version, random, session ID, suite and compression.
  let at = 5 + 4 + 2 + 32 + 1 + (serverHello[43] ?? 0) + 2 + 1;
  const end = at + 2 + serverHello.readUInt16BE(at);
  for (at += 2; at < end; at += 4 + serverHello.readUInt16BE(at + 2)) {
    if (serverHello.readUInt16BE(at) === 41) return serverHello.readUInt16BE(at + 4);
  }
  return undefined;
}

/** One that offers a session ID of TLS 1.2 beside a session of TLS 1.3 that nobody knows. */
export function helloWithId(id: Buffer, servername: string): Buffer {
  const name = Buffer.from(servername);
  const identities = vector(Buffer.concat([vector(randomBytes(32)), Buffer.alloc(4, 9)]));
  const binders = vector(Buffer.concat([Buffer.of(32), randomBytes(32)]));
  const extensions = Buffer.concat([
    extension(0, vector(Buffer.concat([Buffer.of(0), vector(name)]))),
    extension(10, vector(u16(0x17))),
    extension(13, vector(u16(0x0403))),
    extension(23, Buffer.alloc(0)),
    extension(43, Buffer.of(4, 3, 4, 3, 3)),
    extension(45, Buffer.of(1, 1)),
    extension(41, Buffer.concat([identities, binders])),
  ]);
  const suites = vector(Buffer.of(0xc0, 0x2b, 0xc0, 0x2c));
  const head = Buffer.concat([Buffer.of(3, 3), randomBytes(32), Buffer.of(id.length), id, suites, Buffer.of(1, 0)]);
  const message = Buffer.concat([head, vector(extensions)]);
  return Buffer.concat([Buffer.of(22, 3, 1), vector(Buffer.concat([Buffer.of(1, 0), u16(message.length), message]))]);
}
