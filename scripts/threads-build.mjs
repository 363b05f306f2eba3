// CMake builds of the addon and of sslctx_threads with a sanitizer, over a static OpenSSL; and without, over the system's.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sanitizedOpenssl } from './sanitized-openssl.mjs';

export const root = fileURLToPath(new URL('..', import.meta.url));

// ThreadSanitizer must see the locks inside of libssl; AddressSanitizer sees the memory of any library that is linked in.
const kinds = {
  thread: { folder: 'tsan', flags: 'thread', openssl: () => sanitizedOpenssl('thread') },
  none: { folder: 'plain', flags: '', openssl: () => undefined },
  address: { folder: 'sanitize', flags: 'address,undefined', openssl: () => undefined },
};

/** Builds `target` ("sslctx" or "sslctx_threads"); returns the folder of the build. */
export function build(sanitizer, target) {
  const { folder: name, flags, openssl } = kinds[sanitizer];
  const folder = join(root, 'native', 'build', name);
  const pkgConfig = openssl();
  const env = { ...process.env, ...(pkgConfig !== undefined && { PKG_CONFIG_PATH: pkgConfig }) };
  const settings = {
    CMAKE_BUILD_TYPE: 'Release',
    CMAKE_LIBRARY_OUTPUT_DIRECTORY: join(folder, 'Release'),
    SSLCTX_SANITIZE: flags,
    SSLCTX_STATIC_OPENSSL: flags === '' ? 'OFF' : 'ON',
    SSLCTX_THREADS_TEST: 'ON',
  };
  const options = Object.entries(settings).map(([key, value]) => `-D${key}=${value}`);
  run('cmake', ['-G', 'Ninja', '-S', join(root, 'native'), '-B', folder, ...options], env, 'pipe');
  run('ninja', ['-C', folder, target], env, 'pipe');
  return folder;
}

/** Ends this program when that one fails. */
export function run(program, args, env = process.env, stdio = 'inherit') {
  const { error, status, signal, stdout, stderr } = spawnSync(program, args, {
    cwd: root,
    env,
    stdio,
    encoding: 'utf8',
  });
  if (error === undefined && status === 0) return;
  console.error(`${stdout ?? ''}${stderr ?? ''}${program}: ${error?.message ?? signal ?? `exit code ${status}`}`);
  process.exit(status || 1);
}
