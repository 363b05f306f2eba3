// `npm run test:threads:native -- [thread|address|none] [threads] [rounds] [operations] [seed]`: native/test/threads.
import { join } from 'node:path';
import { build, root, run } from './threads-build.mjs';

const [first, ...rest] = process.argv.slice(2);
const isNamed = first === 'thread' || first === 'address' || first === 'none';
const sanitizer = isNamed ? first : 'thread';
const counts = isNamed || first === undefined ? rest : [first, ...rest];

const folder = build(sanitizer, 'sslctx_threads');
const [threads = '4', rounds = '50', operations = '100', seed = '1'] = counts;
run(join(folder, 'test', 'threads', 'sslctx_threads'), [threads, rounds, operations, seed], {
  ...process.env,
  // The order in which locks are taken is watched as well.
  TSAN_OPTIONS: `suppressions=${join(root, 'scripts', 'tsan', 'libssl.supp')} detect_deadlocks=1 second_deadlock_stack=1 history_size=7`,
  ASAN_OPTIONS: 'detect_leaks=1',
});
