// Shows that the model fuzzer finds what it should: breaks the code on purpose, one place at a time, in a copy of this
// repository, and counts the operations until the fuzzer has noticed. node scripts/run.mjs test/model/mutants.ts [NAME...]
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

interface Mutant {
  name: string;
  file: string;
  from: string;
  to: string;
}

const MUTANTS: readonly Mutant[] = [
  {
    name: 'up_ref counts a reference that it does not take',
    file: 'native/handles.cc',
    from: '|| !TraitsOf(kind).up_ref(entry.pointer)) return false;',
    to: ') return false;',
  },
  {
    name: 'borrowed handles own no reference',
    file: 'native/handles.cc',
    from: 'if (!TraitsOf(kind).up_ref(pointer)) ThrowError',
    to: 'if (pointer == nullptr) ThrowError',
  },
  {
    name: 'free never kills a handle',
    file: 'native/handles.cc',
    from: '  Retire(slot);\n}\n\nvoid Handles::Retire',
    to: '  if (kind != Kind::kSslSession) Retire(slot);\n}\n\nvoid Handles::Retire',
  },
  {
    name: 'setters change cached sessions',
    file: 'native/state.cc',
    from: 'if (session.note.home != 0 || (tag',
    to: 'if ((tag',
  },
  {
    name: 'a session in the caches of two contexts',
    file: 'native/state.cc',
    from: 'if (home != 0 && home != state.serial) {',
    to: 'if (home != 0 && home == state.serial + 1000) {',
  },
  {
    name: 'sessions without an ID are taken',
    file: 'native/state.cc',
    from: ': needs_id && id_length == 0 ',
    to: ': needs_id && id_length == 99 ',
  },
  {
    name: 'the third of several remove events is lost',
    file: 'native/outbox.cc',
    from: 'if (object == nullptr ||',
    to: 'if (object == nullptr || removed_.size() == 2 ||',
  },
  {
    name: 'remove events in reverse',
    file: 'native/outbox.cc',
    from: 'removed_.push_back(',
    to: 'removed_.push_front(',
  },
  {
    name: 'a remove event raises the references of the handle',
    file: 'native/outbox.cc',
    from: 'has_handle ? handles.Borrow(addon.env(), Kind::kSslSession, removed.session.get())',
    to: 'has_handle ? handles.Own(addon.env(), Kind::kSslSession, removed.session.release())',
  },
  {
    name: 'equal expiries in order of insertion',
    file: 'native/ssl_cache.cc',
    from: 'left.order > right.order;',
    to: 'left.order < right.order;',
  },
  {
    name: 'adding again does not move',
    file: 'native/ssl_cache.cc',
    from: 'if (added == 1 || ReAddingMoves())',
    to: 'if (added == 1)',
  },
  {
    name: 'a new timeout does not move',
    file: 'native/ssl_session.cc',
    from: '  order.Insert(session.session);\n',
    to: '',
  },
  {
    name: 'a connection may be called from its callbacks',
    file: 'native/ssl.cc',
    from: 'if (target.state.busy != 0) {',
    to: 'if (target.state.busy > 9) {',
  },
  {
    name: 'replaced sessions have no event',
    file: 'src/context.ts',
    from: 'isAdded && before !== null && before !== handle',
    to: 'isAdded && before === handle && before !== null',
  },
  {
    name: 'expired and flushed are mixed up',
    file: 'src/context-events.ts',
    from: "isExpired ? 'expired' : 'flushed'",
    to: "isExpired ? 'flushed' : 'expired'",
  },
  {
    name: 'nested events come first',
    file: 'src/context-events.ts',
    from: 'if (this.#isDelivering || this.#queue',
    to: 'if (this.#queue',
  },
];

const root = fileURLToPath(new URL('../..', import.meta.url));
const SEEDS = 3;

/** The last line of the fuzzer, and what it found. */
function fuzz(directory: string): { found: string | undefined; operations: number } {
  let operations = 0;
  for (let seed = 1; seed <= SEEDS; seed++) {
    const args = ['scripts/run.mjs', 'test/model/main.ts', '--seed', String(seed), '--no-shrink'];
    let output: string;
    try {
      output = execFileSync(process.execPath, args, {
        cwd: directory,
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'pipe'],
      });
    } catch (error) {
      output = error instanceof Error && 'stdout' in error ? String(error.stdout) : '';
    }
    operations += Number(/(\d+) operations/.exec(output)?.[1] ?? 0);
    const found = /^step \d+: (.*)/m.exec(output)?.[1];
    if (found !== undefined) return { found, operations };
  }
  return { found: undefined, operations };
}

const wanted = process.argv.slice(2);
const directory = mkdtempSync(join(tmpdir(), 'sslctx-mutants-'));
let survivors = 0;
try {
  for (const name of ['package.json', 'binding.gyp', 'tsconfig.json', 'native', 'scripts', 'src', 'test', 'build']) {
    cpSync(join(root, name), join(directory, name), { recursive: true });
  }
  symlinkSync(join(root, 'node_modules'), join(directory, 'node_modules'));
  for (const { name, file, from, to } of MUTANTS) {
    if (wanted.length > 0 && !wanted.some((word) => name.includes(word))) continue;
    const path = join(directory, file);
    const original = readFileSync(path, 'utf8');
    if (!original.includes(from)) throw new Error(`${file} has no ${from}`);
    writeFileSync(path, original.replace(from, to));
    const build = (): void => {
      if (file.startsWith('native/')) execFileSync('npm', ['run', 'build:native'], { cwd: directory, stdio: 'pipe' });
    };
    build();
    const { found, operations } = fuzz(directory);
    if (found === undefined) survivors++;
    console.log(`${name}: ${found === undefined ? 'SURVIVES' : `killed after ${operations} operations: ${found}`}`);
    writeFileSync(path, original);
    build();
  }
} finally {
  rmSync(directory, { recursive: true, force: true });
}
console.log(`${survivors} survivors`);
process.exitCode = survivors === 0 ? 0 : 1;
