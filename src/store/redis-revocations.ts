// Messages that every server obeys, or else is known not to resume anything: over Redis's publish and subscribe.
import { randomBytes } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { SslctxError } from '../errors.ts';
import type { RedisClient } from './redis-client.ts';
import type { StoreListener } from './session-store.ts';

// A hash of servers and when their leases end, in Redis's own time; and when the hash was born, by which the loss of it
// is noticed. Answers with that, its age, and each server with the milliseconds that it has left.
const renew = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('HSETNX', KEYS[1], 'born', now)
if ARGV[2] ~= '0' then redis.call('HSET', KEYS[1], ARGV[1], now + ARGV[2]) end
local born = redis.call('HGET', KEYS[1], 'born')
local answer = { born, now - born }
local all = redis.call('HGETALL', KEYS[1])
for i = 1, #all, 2 do
  if all[i] ~= 'born' then
    if all[i + 1] - now <= 0 then
      redis.call('HDEL', KEYS[1], all[i])
    else
      answer[#answer + 1] = all[i]
    end
  end
end
return answer`;

const idLength = 16;
/** Milliseconds after which a message is sent again to those who have not answered. */
const repeatAfter = 250;
/** How many messages are remembered, so that none is obeyed twice. */
const memory = 1024;

interface Registry {
  born: string;
  age: number;
  servers: string[];
}

function registryOf(answer: unknown): Registry {
  const [born, age, ...servers] = Array.isArray(answer) ? answer : [];
  return { born: String(born), age: Number(age), servers: servers.map(String) };
}

/**
 * Each server renews a lease. Who revokes sends the message until all who have a lease have answered, and so waits for
 * one that is cut off until its lease has ended: by then that one, which has counted from an earlier moment, resumes
 * nothing from its memory.
 */
export class RedisRevocations {
  readonly #client: RedisClient;
  readonly #hash: string;
  readonly #channel: string;
  readonly #lease: number;
  readonly #name = randomBytes(idLength);
  readonly #listeners = new Set<StoreListener>();
  readonly #done = new Map<string, Promise<void>>();
  /** By message: the servers that have obeyed, and who waits for them. */
  readonly #answers = new Map<string, { from: Set<string>; wake: () => void }>();
  #subscriber: RedisClient | undefined;
  #joined: Promise<void> | undefined;
  #born = '';
  #timer: NodeJS.Timeout | undefined;
  /** By this process's clock. */
  #leaseEnd = 0;
  #expiry: NodeJS.Timeout | undefined;
  #isLost = false;

  constructor(client: RedisClient, prefix: string, lease: number) {
    this.#client = client;
    this.#hash = `${prefix}servers`;
    this.#channel = `${prefix}revocations`;
    this.#lease = lease;
  }

  async subscribe(listener: StoreListener): Promise<() => Promise<void>> {
    this.#joined ??= this.#join();
    await this.#joined;
    this.#listeners.add(listener);
    if (this.#isLost) listener.onLost();
    return async () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size === 0) await this.#leave();
    };
  }

  async #join(): Promise<void> {
    const subscriber = this.#client.duplicate();
    this.#subscriber = subscriber;
    // The client reconnects by itself, and subscribes again.
    subscriber.on('error', () => {});
    subscriber.on('messageBuffer', (_channel, message) => this.#receive(message));
    try {
      await subscriber.subscribe(this.#channel);
      await this.#renew();
    } catch (error) {
      await this.#leave();
      throw error;
    }
    this.#timer = setInterval(() => this.#renew().catch(() => {}), this.#lease / 4).unref();
  }

  async #leave(): Promise<void> {
    clearInterval(this.#timer);
    clearTimeout(this.#expiry);
    this.#subscriber?.disconnect();
    this.#subscriber = undefined;
    this.#joined = undefined;
    // Without an answer the lease ends by itself.
    this.#client.hdel(this.#hash, this.#name.toString('hex')).catch(() => {});
  }

  async #renew(): Promise<void> {
    const start = performance.now();
    const { born } = await this.#ask(this.#lease);
    if (this.#subscriber === undefined) return;
    this.#born ||= born;
    // From before the question: so it ends here before it ends there.
    this.#leaseEnd = Math.max(this.#leaseEnd, start + this.#lease);
    const left = this.#leaseEnd - performance.now();
    // Too late: the lease before it has ended, or ends.
    if (left <= 0) return;
    clearTimeout(this.#expiry);
    this.#expiry = setTimeout(() => this.#lose(), left).unref();
    if (!this.#isLost) return;
    this.#isLost = false;
    for (const listener of this.#listeners) listener.onFound();
  }

  async #ask(lease: number): Promise<Registry> {
    return registryOf(await this.#client.eval(renew, 1, this.#hash, this.#name.toString('hex'), String(lease)));
  }

  #lose(): void {
    this.#isLost = true;
    for (const listener of this.#listeners) listener.onLost();
  }

  /** `kind`, who sends it, the message's name, and what it says. */
  #send(kind: 'm' | 'a', name: Buffer, body: Buffer): void {
    const message = Buffer.concat([Buffer.from(kind), this.#name, name, body]);
    this.#client.publish(this.#channel, message).catch(() => {});
  }

  #receive(message: Buffer): void {
    const kind = message.toString('latin1', 0, 1);
    const from = message.subarray(1, 1 + idLength);
    const name = message.subarray(1 + idLength, 1 + 2 * idLength);
    if (name.length < idLength || from.equals(this.#name)) return;
    if (kind === 'a') {
      const answer = this.#answers.get(name.toString('hex'));
      answer?.from.add(from.toString('hex'));
      answer?.wake();
    } else if (kind === 'm') {
      this.#obey(Buffer.from(name), Buffer.from(message.subarray(1 + 2 * idLength)));
    }
  }

  #obey(name: Buffer, body: Buffer): void {
    const key = name.toString('hex');
    const done = this.#done.get(key) ?? this.#tell(body, undefined);
    this.#done.set(key, done);
    const [oldest] = this.#done.keys();
    if (this.#done.size > memory && oldest !== undefined) this.#done.delete(oldest);
    done.then(
      () => this.#send('a', name, Buffer.alloc(0)),
      // Tried again with the next copy of the message.
      () => this.#done.delete(key),
    );
  }

  async #tell(body: Buffer, from: StoreListener | undefined): Promise<void> {
    const others = [...this.#listeners].filter((listener) => listener !== from);
    await Promise.all(others.map((listener) => listener.onMessage(body)));
  }

  /** Rejects when there is no answer for three leases. */
  async broadcast(body: Buffer, from: StoreListener | undefined): Promise<void> {
    const name = randomBytes(idLength);
    const key = name.toString('hex');
    const answer = { from: new Set([this.#name.toString('hex')]), wake: () => {} };
    this.#answers.set(key, answer);
    try {
      await this.#tell(body, from);
      const deadline = performance.now() + this.#lease * 3;
      while (!(await this.#isAnswered(answer.from))) {
        if (performance.now() > deadline) {
          throw new SslctxError('ERR_SSLCTX_STORE_TIMEOUT', 'not all servers have confirmed a revocation');
        }
        const woken = new Promise<void>((resolve) => {
          answer.wake = resolve;
        });
        this.#send('m', name, body);
        const timer = setTimeout(answer.wake, repeatAfter);
        await woken;
        clearTimeout(timer);
      }
    } finally {
      this.#answers.delete(key);
    }
  }

  async #isAnswered(from: ReadonlySet<string>): Promise<boolean> {
    const { born, age, servers } = await this.#ask(0);
    // Redis has lost its memory: there may be servers with leases of before.
    if (this.#born !== '' && born !== this.#born && age < this.#lease) return false;
    return servers.every((server) => from.has(server));
  }
}
