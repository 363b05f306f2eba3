// `sslctx serve --store`: where its sessions lie.
import { readFileSync } from 'node:fs';
import { invalidValue } from '../errors.ts';
import { MemorySessionStore } from '../store/memory.ts';
import { RedisSessionStore } from '../store/redis.ts';
import type { SessionStore } from '../store/session-store.ts';
import { note } from './output.ts';

export interface StoreFlags {
  store?: string;
  storeKeys?: string;
  storePlaintext?: true;
  lookupTimeout?: number;
}

/** A store, and what it has opened. */
export interface OpenStore {
  store: SessionStore;
  /** Without a password: to be shown. */
  name: string;
  close(): void;
}

/** The store that the flags name, connected, or none. */
export async function openStore(flags: StoreFlags): Promise<OpenStore | undefined> {
  const { store: where, storeKeys, storePlaintext } = flags;
  const isRedis = where !== undefined && /^(?:rediss?:\/\/|\/)/.test(where);
  if (where !== undefined && where !== 'memory' && !isRedis) {
    throw invalidValue('--store', 'must be memory, redis://…, rediss://…, or the path of a Unix socket of Redis');
  }
  if (isRedis && !where.startsWith('/') && !URL.canParse(where)) throw invalidValue('--store', 'is no URL');
  if (!isRedis && (storeKeys !== undefined || storePlaintext)) {
    throw invalidValue('--store-keys', 'and --store-plaintext need a --store in Redis');
  }
  if (where === undefined && flags.lookupTimeout !== undefined) throw invalidValue('--lookup-timeout', 'needs --store');
  if (where === undefined) return undefined;
  if (!isRedis) return { store: new MemorySessionStore(), name: where, close() {} };
  if ((storeKeys === undefined) === (storePlaintext === undefined)) {
    throw invalidValue('--store-keys', 'must be given for a --store in Redis, or else --store-plaintext');
  }
  const secrecy = storeKeys === undefined ? { plaintext: true } : { keys: keysIn(storeKeys) };
  const client = await connectRedis(where);
  return {
    store: new RedisSessionStore({ client, ...secrecy }),
    name: withoutPassword(where),
    close: () => client.disconnect(),
  };
}

/** 32 bytes for each. */
function keysIn(path: string): Buffer[] {
  const bytes = readFileSync(path);
  if (bytes.length === 0 || bytes.length % 32 !== 0) {
    throw invalidValue('--store-keys', `must name a file of 32 bytes for each key; ${path} has ${bytes.length}`);
  }
  return Array.from({ length: bytes.length / 32 }, (_, at) => bytes.subarray(32 * at, 32 * (at + 1)));
}

async function connectRedis(where: string) {
  const { Redis } = await import('ioredis').catch((cause) => {
    throw new Error('a --store in Redis needs its client: npm install ioredis', { cause });
  });
  const client = new Redis(where, { lazyConnect: true });
  const name = withoutPassword(where);
  let isReady = false;
  let said = '';
  // It connects again by itself, and fails each time in the same words.
  client.on('error', ({ message }: Error) => {
    if (isReady && message !== said) note(`sslctx: ${name}: ${message}`);
    said = message;
  });
  client.on('ready', () => {
    said = '';
  });
  try {
    await client.connect();
    // A wrong password is found out by what comes next.
    await client.ping();
    isReady = true;
    return client;
  } catch (cause) {
    client.disconnect();
    throw new Error(`${name}: ${said || (cause instanceof Error ? cause.message : cause)}`, { cause });
  }
}

/** Others may look at the screen, or read what is logged. */
function withoutPassword(where: string): string {
  if (where.startsWith('/')) return where;
  const { protocol, host, pathname } = new URL(where);
  return `${protocol}//${host}${pathname}`;
}
