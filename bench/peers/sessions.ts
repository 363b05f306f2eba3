// Sessions made of parts, to fill caches with: as c/sessions.c.
import { randomFillSync } from 'node:crypto';
import { type SslContext, SslSession } from '../../src/index.ts';

const idLength = 32;
const keyLength = 48;
// A call for the random bytes of each session would take most of the time.
const pool = Buffer.alloc(4096 * (idLength + keyLength));
let used = pool.length;

/** A TLS 1.2 session with a random ID and key. */
export function makeSession(time: number, timeout: number): SslSession {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  const id = pool.subarray(used, used + idLength);
  const masterKey = pool.subarray(used + idLength, used + idLength + keyLength);
  used += idLength + keyLength;
  return SslSession.create({ protocol: 'TLSv1.2', id, masterKey, time, timeout });
}

/** Adds `count` of them, which nothing else holds. */
export function fillCache(context: SslContext, count: number): void {
  const time = Math.floor(Date.now() / 1000);
  for (let i = 0; i < count; i++) {
    const session = makeSession(time, 7200);
    context.addSession(session);
    session.free();
  }
}
