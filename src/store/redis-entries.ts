// Entries as keys of Redis, as they are: src/store/redis.ts encrypts them.
import type { RedisClient } from './redis-client.ts';
import { RedisRevocations } from './redis-revocations.ts';
import type { SessionStore, StoreEntry, StoreListener } from './session-store.ts';

// The index of a tag lives as long as the session that lives longest. One key: a cluster runs it on one node.
const addToIndex = `
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', '(' .. ARGV[3])
redis.call('ZADD', KEYS[1], ARGV[2], ARGV[1])
local last = redis.call('ZRANGE', KEYS[1], -1, -1, 'WITHSCORES')
return redis.call('PEXPIREAT', KEYS[1], last[2])`;

/** A value is the context's name behind its length, then the data. */
function join(context: string, data: Uint8Array): Buffer {
  return Buffer.concat([Buffer.of(context.length), Buffer.from(context, 'latin1'), data]);
}

function split(value: Buffer): { context: string; data: Buffer } {
  const end = 1 + (value[0] ?? 0);
  return { context: value.toString('latin1', 1, end), data: value.subarray(end) };
}

export class RedisEntries implements SessionStore {
  readonly #client: RedisClient;
  readonly #prefix: string;
  readonly #revocations: RedisRevocations;

  constructor(client: RedisClient, prefix: string, lease: number) {
    this.#client = client;
    this.#prefix = prefix;
    this.#revocations = new RedisRevocations(client, prefix, lease);
  }

  #keyOf(id: Buffer): string {
    return `${this.#prefix}s:${id.toString('base64url')}`;
  }

  #indexOf(tag: string): string {
    return `${this.#prefix}t:${tag}`;
  }

  async get(id: Buffer, context: string): Promise<Buffer | undefined> {
    return this.#dataOf(await this.#client.getBuffer(this.#keyOf(id)), context);
  }

  async take(id: Buffer, context: string): Promise<Buffer | undefined> {
    return this.#dataOf(await this.#client.getdelBuffer(this.#keyOf(id)), context);
  }

  #dataOf(value: Buffer | null, context: string): Buffer | undefined {
    if (value === null) return undefined;
    const entry = split(value);
    return entry.context === context ? entry.data : undefined;
  }

  async set({ id, data, context, expiresAt, tags }: StoreEntry): Promise<void> {
    const now = Date.now();
    const lifetime = Math.ceil(expiresAt - now);
    if (lifetime < 1) return;
    const name = id.toString('base64url');
    // In the index first: there is never a session that a revocation does not find.
    const times = [String(Math.ceil(expiresAt)), String(now)];
    await Promise.all(tags.map((tag) => this.#client.eval(addToIndex, 1, this.#indexOf(tag), name, ...times)));
    await this.#client.set(this.#keyOf(id), join(context, data), 'PX', lifetime);
  }

  delete(id: Buffer): Promise<number> {
    return this.#client.del(this.#keyOf(id));
  }

  async tagged(tag: string): Promise<Buffer[]> {
    const names = await this.#client.zrangebyscore(this.#indexOf(tag), String(Date.now()), '+inf');
    return names.map((name) => Buffer.from(name, 'base64url'));
  }

  async *entries(): AsyncGenerator<StoreEntry, void, undefined> {
    // What a pattern takes for itself must be taken literally.
    const pattern = `${this.#prefix.replace(/[\\*?[\]]/g, '\\$&')}s:*`;
    const start = this.#keyOf(Buffer.alloc(0)).length;
    for (const node of this.#client.nodes?.('master') ?? [this.#client]) {
      let cursor = '0';
      do {
        const [next, keys] = await node.scan(cursor, 'MATCH', pattern, 'COUNT', 500);
        cursor = next;
        // By the client, which knows where keys are that move in the meantime.
        const values = await Promise.all(keys.map((key) => this.#client.getBuffer(key)));
        for (const [at, key] of keys.entries()) {
          const value = values[at];
          if (value === null || value === undefined) continue;
          yield { id: Buffer.from(key.slice(start), 'base64url'), ...split(value), expiresAt: 0, tags: [] };
        }
      } while (cursor !== '0');
    }
  }

  subscribe(listener: StoreListener): Promise<() => Promise<void>> {
    return this.#revocations.subscribe(listener);
  }

  broadcast(message: Buffer, from?: StoreListener): Promise<void> {
    return this.#revocations.broadcast(message, from);
  }
}
