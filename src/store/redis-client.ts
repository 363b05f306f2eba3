// What this package asks of a Redis client. `Redis` and `Cluster` of ioredis have it; nothing here imports them.

/** A connection of ioredis, to Redis or Valkey, or to a cluster of them. Its options decide about TLS and passwords. */
export interface RedisClient {
  getBuffer(key: string): Promise<Buffer | null>;
  getdelBuffer(key: string): Promise<Buffer | null>;
  set(key: string, value: Buffer, unit: 'PX', milliseconds: number): Promise<unknown>;
  del(key: string): Promise<number>;
  zrangebyscore(key: string, min: string, max: string): Promise<string[]>;
  hdel(key: string, field: string): Promise<number>;
  eval(script: string, keys: number, ...args: string[]): Promise<unknown>;
  scan(cursor: string, match: 'MATCH', pattern: string, count: 'COUNT', number: number): Promise<[string, string[]]>;
  publish(channel: string, message: Buffer): Promise<number>;
  subscribe(channel: string): Promise<unknown>;
  on(event: 'messageBuffer', listener: (channel: Buffer, message: Buffer) => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
  duplicate(): RedisClient;
  disconnect(): void;
  /** Of a cluster only. */
  nodes?(role: 'master'): RedisClient[];
}
