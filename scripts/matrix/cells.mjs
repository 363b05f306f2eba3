// What is run in a cell, and what is known of it from earlier runs.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const heart = [
  'test/session.test.ts',
  'test/context.test.ts',
  'test/connection.test.ts',
  'test/manpages/SSL_CTX_*.test.ts',
  'test/package/loader.test.ts',
];

/** From the least to the most. Files are ava's patterns; none stand for all. */
export const scopes = {
  quick: { files: [...heart, 'test/net/resumption.test.ts', 'test/threads/shared-context.test.ts'] },
  cut: {
    files: [
      ...heart,
      'test/context-*.test.ts',
      'test/manpages/*.test.ts',
      'test/net/*.test.ts',
      'test/sslapitest/*.test.ts',
      'test/threads/*.test.ts',
    ],
  },
  whole: { files: [] },
};

/** The tests in the scope of a cell. A cell that passed with the same sources and versions need not be run again. */
export class Results {
  #folder;
  #sources;

  constructor(cache, sources) {
    this.#folder = join(cache, 'results');
    this.#sources = sources;
    mkdirSync(this.#folder, { recursive: true });
  }

  #file(cell, scope) {
    const key = createHash('sha256').update(JSON.stringify([this.#sources, cell, scopes[scope].files]));
    return join(this.#folder, `${cell.openssl}-node${cell.node}-${scope}-${key.digest('hex').slice(0, 16)}.json`);
  }

  read(cell, scope) {
    const file = this.#file(cell, scope);
    return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined;
  }

  write(cell, scope, result) {
    writeFileSync(this.#file(cell, scope), `${JSON.stringify(result, undefined, 2)}\n`);
  }

  /** The result that says the most. */
  best(cell) {
    for (const scope of Object.keys(scopes).reverse()) {
      const result = this.read(cell, scope);
      if (result !== undefined) return { scope, ...result };
    }
    return undefined;
  }
}
