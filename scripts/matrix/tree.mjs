// A copy of the repository for each OpenSSL: with its own addon, and the repository's node_modules.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';

const own = new Set(['build', 'dist', 'node_modules']);

/** The files that git has or would take. */
export function filesOf(root) {
  const listing = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
    encoding: 'utf8',
  });
  return listing
    .split('\0')
    .filter((path) => path !== '' && lstatSync(join(root, path), { throwIfNoEntry: false })?.isFile())
    .sort();
}

/** What the results of tests depend on: everything but pages, and what runs the tests and tells of them. */
export function hashOf(root, files) {
  const hash = createHash('sha256');
  for (const path of files) {
    if (path.endsWith('.md') || path.startsWith(join('scripts', 'matrix'))) continue;
    hash
      .update(path)
      .update('\0')
      .update(readFileSync(join(root, path)))
      .update('\0');
  }
  return hash.digest('hex');
}

/** Makes the copy equal to the repository. Unchanged files keep their times, so that only what has changed is compiled. */
export function copyTree(root, files, tree) {
  mkdirSync(tree, { recursive: true });
  for (const path of present(tree)) if (!files.includes(path)) rmSync(join(tree, path));
  for (const path of files) {
    const [from, to] = [join(root, path), join(tree, path)];
    if (existsSync(to) && readFileSync(to).equals(readFileSync(from))) continue;
    mkdirSync(dirname(to), { recursive: true });
    cpSync(from, to);
  }
  const packages = join(tree, 'node_modules');
  if (!lstatSync(packages, { throwIfNoEntry: false })) symlinkSync(join(root, 'node_modules'), packages);
}

function present(tree) {
  return readdirSync(tree, { withFileTypes: true })
    .filter((entry) => !own.has(entry.name))
    .flatMap((entry) => {
      if (!entry.isDirectory()) return [entry.name];
      const inside = readdirSync(join(tree, entry.name), { recursive: true, withFileTypes: true });
      return inside
        .filter((each) => each.isFile())
        .map((each) => join(each.parentPath ?? each.path, each.name).slice(tree.length + 1));
    });
}
