// Sockets whose thread, process or owner is gone before they are closed.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { runScript } from './child.ts';

test.serial('workers with a server and live connections may be terminated at any moment', async (t) => {
  const { code, signal, stdout, stderr } = await runScript('sockets_terminated', { args: ['8'], timeout: 110_000 });
  t.is(signal, null, stderr);
  t.is(code, 0, stderr);
  t.is(stdout, 'ok\n');
});

const moments = {
  server: ['SNICallback', 'secureConnection', 'data', 'end', 'write', 'newSession', 'keylog', 'tlsClientError'],
  client: ['session', 'secureConnect', 'written', 'close'],
};
for (const [side, names] of Object.entries(moments)) {
  for (const moment of names) {
    test.serial(`process.exit in ${moment} of a ${side}, with open sockets`, async (t) => {
      const { code, signal, stderr } = await runScript('sockets_exit', { args: [moment], abrupt: true });
      t.is(signal, null, stderr);
      t.is(code, 7, stderr);
      t.is(stderr, '');
    });
  }
}

test.serial('sockets over streams are collected with them; others end with their peers', async (t) => {
  const { code, signal, stdout, stderr } = await runScript('sockets_dropped');
  t.is(signal, null, stderr);
  t.is(code, 0, stderr);
  t.is(stdout, 'ok\n');
});

test.serial(
  'a process that has run out of descriptors turns clients away, and serves again when it has some',
  async (t) => {
    const script = fileURLToPath(new URL('scripts/sockets_exhausted.ts', import.meta.url));
    const limited = ['-c', 'ulimit -n 80 && exec "$0" "$@"', process.execPath, ...process.execArgv, script];
    const child = spawn('sh', limited, { stdio: ['pipe', 'pipe', 'inherit'] });
    t.teardown(() => child.kill());
    const [line] = await once(child.stdout, 'data');
    const { port, ca } = JSON.parse(line);
    const clients: Socket[] = [];
    const closed = (socket: Socket): Promise<void> =>
      new Promise((resolve) => {
        if (socket.closed) resolve();
        else socket.on('close', () => resolve());
      });
    for (let count = 0; count < 120; count++) {
      clients.push(connectTcp({ port, host: '127.0.0.1' }).on('error', () => {}));
    }
    // At least so many have no place, and are not left waiting.
    let turnedAway = 0;
    await new Promise<void>((resolve) => {
      for (const client of clients) client.resume().on('close', () => ++turnedAway === 40 && resolve());
    });
    for (const client of clients) client.destroy();
    await Promise.all(clients.map(closed));
    t.true(turnedAway >= 40);
    for (let round = 0; round < 100; round++) {
      const client = connectTls({ port, host: '127.0.0.1', servername: 'localhost', ca });
      let heard = '';
      client
        .on('error', () => {})
        .on('data', (part) => {
          heard += part;
        });
      await closed(client);
      if (heard === 'hello') {
        child.stdin.end();
        const [code] = await once(child, 'exit');
        t.is(code, 0);
        return;
      }
    }
    t.fail('no client is served any more');
  },
);
