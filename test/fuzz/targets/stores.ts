// What comes back from a store that somebody else can write to, and what a fleet's files hold.
import { writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { SslContext } from '../../../src/context.ts';
import { SealedWriter } from '../../../src/fleet/sealed-file.ts';
import { loadSessions, saveSessions } from '../../../src/fleet/warm-restart.ts';
import { SslSession } from '../../../src/session.ts';
import { EncryptedSessionStore } from '../../../src/store/encrypted.ts';
import { KeyRing } from '../../../src/store/key-ring.ts';
import { packPayload, sessionOf, unpackPayload } from '../../../src/store/payload.ts';
import type { StoreListener } from '../../../src/store/session-store.ts';
import { TicketKeyRing } from '../../../src/ticket-key-ring.ts';
import { balanced, claim, claimSame, refusal, type Target } from '../target.ts';
import { temporaryPath } from './folder.ts';

const key = Buffer.alloc(32, 0x5e);
const keys = new KeyRing(key);

/** The first byte says what else the rest is: bytes of the store, or what the store's key has sealed. */
async function entry(bytes: Buffer): Promise<string> {
  const isSealed = (bytes[0] ?? 0) % 2 === 1;
  const data = bytes.subarray(1);
  const id = Buffer.alloc(32, 7);
  const stored = isSealed ? keys.seal(data, Buffer.from(`session\0${id.toString('hex')}\0name`)) : data;
  let heard: StoreListener | undefined;
  const messages: Buffer[] = [];
  const store = new EncryptedSessionStore(
    {
      get: () => stored,
      take: () => stored,
      set: () => {},
      delete: () => {},
      entries: async function* entries() {
        yield { id, data: stored, context: 'name', expiresAt: 0, tags: [] };
      },
      subscribe: (listener) => {
        heard = listener;
        return () => {};
      },
    },
    keys,
  );
  await store.subscribe?.({ onMessage: (message) => void messages.push(message), onLost() {}, onFound() {} });
  const opened = await store.get(id, 'name');
  claim((opened !== undefined) === isSealed, 'nothing is opened that was not sealed');
  claimSame(await store.take?.(id, 'name'), opened, 'it is taken as it is got');
  for await (const each of store.entries?.() ?? []) claimSame(each.data, opened, 'and listed');
  claim((await store.get(id, 'other')) === undefined, 'and only where it belongs');
  const rejection = await Promise.resolve()
    .then(() => heard?.onMessage(stored))
    .catch((error: unknown) => error);
  claim(rejection instanceof Error && messages.length === 0, 'an entry is no message');
  return `${isSealed} ${await payload(data)}`;
}

function payload(data: Buffer): Promise<string> {
  return balanced(async () => {
    const unpacked = unpackPayload(data);
    if (unpacked === undefined) return 'no payload';
    const { label } = unpacked;
    const again = unpackPayload(packPayload(unpacked));
    // A label that is no UTF-8 is not ours.
    if (label === undefined || !label.includes('\ufffd')) claimSame(again, unpacked, 'what was packed is unpacked');
    let id: Buffer = Buffer.alloc(0);
    try {
      const any = SslSession.fromDER(unpacked.der);
      id = any.id;
      any.free();
    } catch (error) {
      refusal(error, ['ERR_SSL_*', 'ERR_OSSL_*']);
      claim(sessionOf(unpacked.der, id) === undefined, 'what cannot be read is no session');
      return 'no session';
    }
    const session = sessionOf(unpacked.der, id);
    claim(session === undefined || session.expiresAt * 1000 >= Date.now() - 1000, 'it has not expired');
    session?.free();
    claim(sessionOf(unpacked.der, Buffer.alloc(33)) === undefined, 'it is what was asked for');
    return session === undefined ? 'unusable' : 'session';
  });
}

export const storeEntry: Target = { name: 'store-entry', isDer: true, run: entry };

const cache = new SslContext({ sessionCache: { size: 5 } });

/** A file of saveSessions: its bytes, or what is in it, in chunks of which each is behind a byte that says how long it is. */
async function sessionFile(bytes: Buffer): Promise<string> {
  const path = temporaryPath('sessions');
  if ((bytes[0] ?? 0) % 2 === 1) await seal(path, bytes.subarray(1));
  else writeFileSync(path, bytes.subarray(1));
  try {
    const { added, ...others } = await loadSessions(cache, path, { key, anyIdContext: true });
    claim(cache.stats.number === added, 'the cache has what was added');
    const { sessions } = await saveSessions(cache, path, { key });
    claim(sessions === added, 'all of it is written');
    cache.clearSessions();
    const again = await loadSessions(cache, path, { key });
    claim(again.added + again.otherIdContext === added, 'and read again');
    return `${added} ${Object.values(others).join(' ')}`;
  } catch (error) {
    claim(cache.stats.number === 0, 'all or nothing');
    return refusal(error, ['ERR_SSLCTX_FILE_*']);
  } finally {
    cache.clearSessions();
  }
}

async function seal(path: string, bytes: Buffer): Promise<void> {
  const file = await open(path, 'w');
  try {
    const writer = await SealedWriter.create(file, key);
    for (let at = 0; at < bytes.length; ) {
      const length = (bytes[at] ?? 0) * 16;
      await writer.write(bytes.subarray(at + 1, at + 1 + length));
      at += 1 + length;
    }
    await writer.end();
  } finally {
    await file.close();
  }
}

export const fleetFile: Target = { name: 'session-file', isDer: true, run: sessionFile };

async function ticketKeys(bytes: Buffer): Promise<string> {
  const path = temporaryPath('keys');
  writeFileSync(path, bytes);
  let word = 'ring';
  try {
    const ring = await TicketKeyRing.fromFiles(path);
    claimSame(ring.exportKeys(), bytes, 'the keys are those of the file');
    claimSame(ring.keyName, bytes.subarray(0, 16), 'the first one issues');
    const context = new SslContext({ ticketKeyRing: ring });
    await ring.save(path);
    const other = await TicketKeyRing.fromFiles([path, path], { lifetime: 60 });
    claim(other.keyNames.length === ring.keyNames.length * 2, 'two files have twice as many');
    context.free();
  } catch (error) {
    word = refusal(error, ['ERR_INVALID_ARG_VALUE']);
    claim(bytes.length % 80 !== 0 || bytes.length === 0, 'whole keys are taken');
  }
  return `${word} ${tryContextKeys(bytes)} ${trySecret(bytes)}`;
}

/** As `sslctx serve --ticket-keys`. */
function tryContextKeys(bytes: Buffer): string {
  try {
    const context = new SslContext({ ticketKeys: bytes });
    claimSame(context.ticketKeys, bytes, 'libssl has the keys of the file');
    context.free();
    return 'keys';
  } catch (error) {
    claim(bytes.length !== 80, '80 bytes are keys');
    return refusal(error, ['ERR_INVALID_ARG_VALUE', 'ERR_OUT_OF_RANGE', 'ERR_SSL_*']);
  }
}

function trySecret(secret: Buffer): string {
  try {
    const ring = new TicketKeyRing({ secret });
    claim(ring.exportKeys().length % 80 === 0 && ring.keyNames.length > 1, 'a secret has a key for each period');
    return 'secret';
  } catch (error) {
    return refusal(error, ['ERR_INVALID_ARG_VALUE']);
  }
}

export const ticketKeyFile: Target = { name: 'ticket-keys', run: ticketKeys };
