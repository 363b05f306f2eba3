// A real cluster of three masters for one test, on loopback.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { Cluster } from 'ioredis';
import { execute, output } from '../helpers/process.ts';

/** Ports that are free, each with the one 10000 above it, where the nodes of a cluster talk to each other. */
async function freePort(): Promise<number> {
  for (;;) {
    const probe = createServer().listen(0, '127.0.0.1');
    await once(probe, 'listening');
    const address = probe.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    await new Promise((resolve) => probe.close(resolve));
    if (port < 55_000) return port;
  }
}

/** Makes clients of a cluster, which ends with the test. */
export async function startCluster(t: ExecutionContext): Promise<() => Cluster> {
  const nodes: Array<{ port: number; end: () => Promise<void> }> = [];
  const clients: Cluster[] = [];
  t.teardown(async () => {
    for (const client of clients) client.disconnect();
    for (const { end } of nodes) await end();
  });
  for (let count = 0; count < 3; count++) {
    const port = await freePort();
    const dir = mkdtempSync(join(tmpdir(), 'sslctx-cluster-'));
    const where = ['--port', String(port), '--bind', '127.0.0.1', '--dir', dir, '--save', ''];
    const child = spawn('redis-server', [...where, '--cluster-enabled', 'yes', '--cluster-node-timeout', '30000']);
    const end = async (): Promise<void> => {
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
      rmSync(dir, { recursive: true, force: true });
    };
    nodes.push({ port, end });
    let text = '';
    for await (const part of child.stdout) {
      text += String(part);
      if (text.includes('eady to accept connections')) break;
    }
    child.stdout.resume();
  }
  const addresses = nodes.map(({ port }) => `127.0.0.1:${port}`);
  await output('redis-cli', ['--cluster', 'create', ...addresses, '--cluster-yes']);
  for (const { port } of nodes) {
    for (let isReady = false; !isReady; ) {
      const { stdout } = await execute('redis-cli', ['-p', String(port), 'CLUSTER', 'INFO']);
      isReady = stdout.includes('cluster_state:ok');
    }
  }
  return () => {
    const client = new Cluster(nodes.map(({ port }) => ({ host: '127.0.0.1', port })));
    client.on('error', () => {});
    clients.push(client);
    return client;
  };
}
