// What Bun and Deno make of the installed package. Their binaries come from npm, like Node's.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { npm } from './node-versions.mjs';

const packages = { bun: '@oven/bun-linux-x64', deno: '@deno/linux-x64-glibc' };

// Sessions and caches, then a server, which asks for the event loop.
const program = `
const report = (value) => console.log(JSON.stringify(value));
try {
  const { SslContext, SslSession, createServer, openssl } = await import('sslctx');
  const context = new SslContext();
  const session = SslSession.create();
  const counts = [context.addSession(session), context.stats.number, context.removeSession(session), context.stats.number];
  const server = createServer({});
  server.on('error', ({ code }) => report({ libssl: openssl.libssl, counts, server: code }));
  server.on('listening', () => report({ libssl: openssl.libssl, counts, server: 'listening' }));
  server.listen(0, '127.0.0.1');
} catch (error) {
  report({ code: error.code, message: error.message });
}
`;

const expected = {
  bun: ({ libssl, counts, server }, ours) =>
    libssl === ours && JSON.stringify(counts) === '[true,1,true,0]' && server === 'ERR_SSLCTX_RUNTIME',
  deno: ({ code, message }) => code === 'ERR_SSLCTX_RUNTIME' && message.includes('Deno'),
};

/**
 * Runs the package in both, in a project that has it.
 * @param {string} project
 * @param {string} libssl the one that Node runs
 * @returns {string[]} one line for each that does not do what the README says
 */
export function tryOtherRuntimes(project, libssl) {
  if (process.platform !== 'linux' || process.arch !== 'x64') return [];
  npm(project, 'install', '--no-audit', '--no-fund', '--ignore-scripts', '--no-save', ...Object.values(packages));
  const at = (name, ...path) => join(project, 'node_modules', packages[name], ...path);
  const bun = [at('bun', 'bin', 'bun'), '-e', program];
  const deno = [at('deno', 'deno'), 'eval', '--ext=mjs', program];
  return Object.entries({ bun, deno }).flatMap(([name, [file, ...args]]) => {
    const { stdout, stderr, status, signal } = spawnSync(file, args, {
      cwd: project,
      encoding: 'utf8',
      timeout: 120_000,
    });
    const line = stdout.trim();
    console.log(`${name}: ${line || `${signal ?? status} ${stderr}`}`);
    return line.startsWith('{') && expected[name](JSON.parse(line), libssl) ? [] : [`${name}: ${line} ${stderr}`];
  });
}
