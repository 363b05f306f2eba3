import { testExamples } from '../helpers/examples.ts';
import { RedisServer } from './redis.ts';

testExamples('stores.md', 5, async (t) => {
  const redis = await RedisServer.start(t);
  return { REDIS_URL: redis.path };
});
