// What clients do wrong costs the server nothing that it keeps, and the others nothing at all.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { setImmediate as turn } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual } from 'node:util';
import test, { type ExecutionContext } from 'ava';
import * as capi from '../../src/capi/index.ts';
import { createServer, type SslServer, type SslSocket } from '../../src/index.ts';
import { certificate } from '../helpers/classes.ts';
import type { Order, Result } from './bad-clients.ts';
import { listenOn } from './listen.ts';

const clients = fileURLToPath(new URL('bad-clients.ts', import.meta.url));
const flood = Buffer.alloc(1 << 20, 'flood');
/** Long enough for the good ones beside 300 others on a busy machine, and much shorter than a slow loris wants. */
const handshakeTimeout = 5000;

function answer(socket: SslSocket): void {
  // Resets, and ends in the middle of it all.
  socket.on('error', () => {});
  socket.on('data', (data: Buffer) => socket.write(data.toString('latin1') === 'flood' ? flood : data));
}

async function listen(t: ExecutionContext): Promise<SslServer> {
  const server = createServer({ ...certificate(), sessionIdContext: 'test', handshakeTimeout }, answer);
  await listenOn(t, server);
  return server;
}

/** Has a child make that many bad connections. */
async function drop(server: SslServer, count: number): Promise<Result> {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const order: Order = { port: address.port, ca: certificate().cert, count };
  const child = fork(clients);
  const ended = once(child, 'exit');
  child.send(order);
  const [result]: [Result] = await Promise.race([
    once(child, 'message').then(([value]): [Result] => [value]),
    ended.then(([code, signal]) => Promise.reject(new Error(`the clients ended with ${code ?? signal}`))),
  ]);
  await ended;
  return result;
}

function descriptors(): number {
  return readdirSync(process.platform === 'linux' ? '/proc/self/fd' : '/dev/fd').length;
}

/** What is there beside memory. */
function held(server: SslServer): Record<string, unknown> {
  const { SSL_METHOD: _methods, SSL_CIPHER: _ciphers, ...handles } = capi.debug.liveHandles();
  const { SSL_SESSION: _sessions, ...objects } = capi.debug.live();
  return { connections: server.connectionCount, descriptors: descriptors(), handles, objects };
}

/** When the last ends have been noticed and the garbage is collected; or what is held still when they never are. */
async function settle(server: SslServer, wanted?: Record<string, unknown>): Promise<Record<string, unknown>> {
  for (let round = 0; round < 300; round++) {
    globalThis.gc?.();
    for (let turns = 0; turns < 10; turns++) await turn();
    if (wanted === undefined && round > 5 && server.connectionCount === 0) break;
    if (wanted !== undefined && isDeepStrictEqual(held(server), wanted)) break;
  }
  return held(server);
}

test.serial(
  '10,000 connections dropped in bad ways leave nothing behind, and good ones are served beside them',
  async (t) => {
    t.timeout(600_000);
    const server = await listen(t);
    const failures: Record<string, number> = {};
    server.on('tlsClientError', (error: Error & { code?: string }) => {
      const code = error.code ?? error.message;
      failures[code] = (failures[code] ?? 0) + 1;
    });
    await drop(server, 120);
    const before = await settle(server);
    const { bad, good, resumed } = await drop(server, 10_000);
    t.deepEqual(await settle(server, before), before);
    t.is(before.connections, 0);
    t.is(
      Object.values(bad).reduce((sum, count) => sum + count, 0),
      10_000,
    );
    t.true(good > 50, `${good} good ones`);
    // The first of each protocol has nothing to resume.
    t.is(resumed, good - 2);
    t.true((failures.ERR_SSLCTX_HANDSHAKE_TIMEOUT ?? 0) >= (bad['slow loris'] ?? 0));
    t.log(bad, failures, { good, resumed });
  },
);

test.serial('memory stays in bounds while connections are dropped in bad ways', async (t) => {
  t.timeout(600_000);
  const server = await listen(t);
  const sizes: number[] = [];
  for (let round = 0; round < 3; round++) {
    await drop(server, 900);
    await settle(server);
    sizes.push(Math.round(process.memoryUsage.rss() / (1 << 20)));
  }
  t.log(sizes);
  const [first = 0] = sizes;
  t.true((sizes.at(-1) ?? 0) - first < 24, `MiB: ${sizes.join(', ')}`);
});
