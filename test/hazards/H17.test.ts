// H17: the end of the process, of an environment, of a thread, at the worst moments.
import test from 'ava';
import { runScript } from './child.ts';

const WAYS: Record<string, number> = {
  // Everything still alive, and nothing left to do.
  natural: 0,
  // In the middle of libssl, in each kind of callback.
  'exit-in-new': 7,
  'exit-in-remove': 7,
  'exit-in-client-hello': 7,
  'exit-in-info': 7,
  // With the error on its way through libssl.
  'throw-in-new': 1,
  'throw-in-remove': 1,
  // The exit handler goes on using the library.
  'use-in-exit-handler': 0,
  // Node's own TLS beside ours, to the end.
  'with-node-tls': 0,
  // Garbage whose finalizers run while the environment is taken down.
  garbage: 0,
  'worker-alive': 3,
  'worker-terminated': 0,
  'worker-exit-in-callback': 0,
};

for (const [way, expected] of Object.entries(WAYS)) {
  test.serial(`the process ends: ${way}`, async (t) => {
    const { code, signal, stderr } = await runScript('exit', { args: [way], abrupt: expected !== 0 });
    t.is(signal, null, stderr);
    t.is(code, expected, stderr);
    if (expected === 1) t.regex(stderr, /Error: on purpose/);
    else t.is(stderr, '');
  });
}
