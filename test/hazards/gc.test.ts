// Collected handles give back what they own; garbage does not outrun the collector; nothing is given back twice.
import test from 'ava';
import { runScript } from './child.ts';

for (const part of ['collected', 'freed-and-collected', 'identity', 'in-callbacks', 'up-ref', 'connections']) {
  test.serial(`handles: ${part}`, async (t) => {
    const { code, signal, stdout, stderr } = await runScript('gc', { args: [part] });
    t.is(signal, null, stderr);
    t.is(code, 0, stderr);
    t.is(stdout, 'ok\n');
  });
}

for (const what of ['SSL_SESSION_new', 'SSL_SESSION_dup', 'd2i_SSL_SESSION', 'SSL_CTX_new', 'SSL_new', 'BIO_new']) {
  test.serial(`a synchronous loop of ${what} stays in bounds`, async (t) => {
    const { code, signal, stdout, stderr } = await runScript('memory', { args: [what], timeout: 110_000 });
    t.is(signal, null, stderr);
    t.is(code, 0, stderr);
    const { grownBy, limit } = JSON.parse(stdout);
    t.true(grownBy < limit, `grew by ${grownBy} MiB`);
  });
}
