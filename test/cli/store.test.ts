// `sslctx serve --store`: processes that share a real Redis, asked by the real openssl s_client.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { sClient } from '../../src/testing/index.ts';
import { RedisServer } from '../store/redis.ts';
import { folder, serve, sslctx } from './cli.ts';
import { screenOf } from './terminal.ts';

function keyFile(folder: string, ...keys: number[]): string {
  const path = join(folder, `keys-${keys.join('-')}`);
  writeFileSync(path, Buffer.concat(keys.map((key) => Buffer.alloc(32, key))));
  return path;
}

for (const protocol of ['TLSv1.2', 'TLSv1.3'] as const) {
  test.serial(`what one server has made the others resume, also when it has ended, ${protocol}`, async (t) => {
    const redis = await RedisServer.start(t);
    const files = folder(t);
    const shared = ['--store', redis.path, '--id-context', 'shop'];
    const one = await serve(t, ...shared, '--store-keys', keyFile(files, 1));
    t.is(one.listening.store, redis.path);
    const { session } = await sClient({ port: one.port, protocol });
    t.is((await one.next('handshake')).sessions, 0, 'the internal cache is empty');
    t.is((await one.stop()).code, 0);
    t.regex(await redis.cli('keys', '*'), /^sslctx:s:/m);

    // Two keys, as while they are changed.
    const two = await serve(t, ...shared, '--store-keys', keyFile(files, 2, 1));
    t.true((await sClient({ port: two.port, protocol, sessionIn: session })).reused);
    const { resumption, store } = await two.next('handshake');
    t.true(resumption.accepted);
    t.is(store.hits, 1);

    const other = await serve(t, ...shared, '--store-keys', keyFile(files, 3));
    t.false((await sClient({ port: other.port, protocol, sessionIn: session })).reused);
    t.is((await other.next('handshake')).store.foreign, 1);
  });
}

test.serial('without Redis there are full handshakes, and it is said once', async (t) => {
  const redis = await RedisServer.start(t);
  const server = await serve(t, '--store', redis.path, '--store-plaintext', '--lookup-timeout', '200');
  const { session } = await sClient({ port: server.port, protocol: 'TLSv1.2' });
  await server.next('handshake');
  await redis.kill();
  t.false((await sClient({ port: server.port, protocol: 'TLSv1.2', sessionIn: session })).reused);
  const { store } = await server.next('handshake');
  t.is(store.hits, 0);
  const { code, stderr } = await server.stop();
  t.is(code, 0);
  t.is(stderr.match(/^sslctx: \S+: /gm)?.length, 1, stderr);
});

test.serial('a store in memory is asked as others are', async (t) => {
  const server = await serve(t, '--store', 'memory');
  const { session } = await sClient({ port: server.port, protocol: 'TLSv1.3', waitForTickets: 2 });
  t.true((await sClient({ port: server.port, protocol: 'TLSv1.3', sessionIn: session })).reused);
  await server.next('handshake');
  t.is((await server.next('handshake')).store.hits, 1);
});

test.serial('on a terminal the store has a line', async (t) => {
  const screen = await screenOf(t, ['serve', '--port', '0', '--store', 'memory'], async (port) => {
    const { session } = await sClient({ port, protocol: 'TLSv1.3', waitForTickets: 2 });
    await sClient({ port, protocol: 'TLSv1.3', sessionIn: session, waitForTickets: 1 });
  });
  const text = screen.join('\n');
  t.regex(text, /^ {2}store memory$/m);
  t.regex(text, /^store answers {2}hits 1 {2}misses 0 {2}failures 0 {2}timeouts 0 {2}writes 3 {2}waiting 0$/m);
});

test.serial('what cannot be is refused, and no password is shown', async (t) => {
  const files = folder(t);
  const usage = [
    ['--store', 'somewhere'],
    ['--store', 'redis://[x', '--store-plaintext'],
    ['--store', '/nowhere'],
    ['--store', '/nowhere', '--store-plaintext', '--store-keys', keyFile(files, 1)],
    ['--store', '/nowhere', '--store-keys', '/dev/null'],
    ['--store', 'memory', '--store-plaintext'],
    ['--store', 'memory', '--tickets', 'stateless'],
    ['--lookup-timeout', '5'],
  ];
  for (const args of usage) {
    const { code, stderr } = await sslctx('serve', '--port', '0', ...args);
    t.is(code, 2, `${args.join(' ')}\n${stderr}`);
  }
  const { code, stderr } = await sslctx('serve', '--store', 'redis://me:secret@127.0.0.1:1', '--store-plaintext');
  t.is(code, 3);
  t.is(stderr, 'sslctx: redis://127.0.0.1:1: connect ECONNREFUSED 127.0.0.1:1\n');
});
