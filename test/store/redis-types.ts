// Compiled, never run: both clients of ioredis are what a store asks for.
import type { Cluster, Redis } from 'ioredis';
import type { RedisClient } from '../../src/index.ts';

export function accepts(redis: Redis, cluster: Cluster): RedisClient[] {
  return [redis, cluster];
}
