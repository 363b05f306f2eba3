// Sockets whose thread, process or owner is gone before they are closed.
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
