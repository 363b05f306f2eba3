// Workers of node:cluster, descriptors of others, and Unix sockets.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { connect, createServer } from '../../src/index.ts';
import { sClient } from '../../src/testing/index.ts';
import { certificate, protocols } from '../helpers/classes.ts';
import { temporaryFile } from '../helpers/files.ts';

const script = fileURLToPath(new URL('scripts/cluster.ts', import.meta.url));

test('workers of a cluster share a port, and resume what the others began', async (t) => {
  const child = spawn(process.execPath, ['--import', 'tsx', script, '0'], { stdio: ['pipe', 'pipe', 'inherit'] });
  t.teardown(() => child.stdin.end());
  const exit = once(child, 'exit');
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async (): Promise<string> => String((await lines.next()).value);
  const port = Number((await next()).replace('port ', ''));
  for (const protocol of protocols) {
    const first = await sClient({ port, protocol, until: 'closed' });
    const seen = [await next()];
    for (let i = 0; i < 3; i++) {
      const { reused } = await sClient({ port, protocol, until: 'closed', sessionIn: first.session });
      t.true(reused);
      seen.push(await next());
    }
    // The primary deals the connections out in turn.
    t.true(new Set(seen.map((line) => line.split(' ')[1])).size === 2, seen.join('\n'));
    t.true(
      seen.slice(1).every((line) => line.endsWith('resumed true from 127.0.0.1')),
      seen.join('\n'),
    );
  }
  child.stdin.end();
  t.deepEqual(await exit, [0, null]);
});

// Another program makes the socket, and becomes the server.
const activate = `
import os, socket, sys
listener = socket.create_server(('127.0.0.1', 0))
print(listener.getsockname()[1], flush=True)
os.dup2(listener.fileno(), 3)
os.set_inheritable(3, True)
os.execv(sys.argv[1], sys.argv[1:])
`;

test('a server on a descriptor that listens already', async (t) => {
  const server = ['--import', 'tsx', fileURLToPath(new URL('scripts/descriptor.ts', import.meta.url))];
  const child = spawn('python3', ['-c', activate, process.execPath, ...server], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exit = once(child, 'exit');
  const [port] = await once(createInterface({ input: child.stdout }), 'line');
  const socket = connect({ port: Number(port), host: '127.0.0.1', rejectUnauthorized: false });
  const [data] = await once(socket, 'data');
  t.regex(String(data), /^hello/);
  socket.destroy();
  t.deepEqual(await exit, [0, null]);
});

test('what cannot be listened on is an error', async (t) => {
  const server = createServer(certificate());
  t.throws(() => server.listen({ fd: -1 }), { code: 'ERR_OUT_OF_RANGE' });
  server.listen({ fd: 1_000_000 });
  const [error] = await once(server, 'error');
  t.is(error.syscall, 'listen');
});

test('a Unix socket goes with its server', async (t) => {
  const path = `${temporaryFile(t, '')}.sock`;
  for (const _ of [1, 2]) {
    const server = createServer(certificate(), (socket) => socket.end('hello'));
    server.listen(path);
    await once(server, 'listening');
    t.is(server.address(), path);
    const socket = connect({ path, servername: 'localhost', ca: certificate().cert });
    const [data] = await once(socket, 'data');
    t.is(String(data), 'hello');
    await server[Symbol.asyncDispose]();
    t.false(existsSync(path));
  }
});
