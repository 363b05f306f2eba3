// Errors of the TypeScript side of the C layer; the native side makes the same ones.

type Coded<E extends Error> = E & { readonly code: string };

function coded<E extends Error>(error: E, code: string): Coded<E> {
  return Object.assign(error, { code });
}

// Only what cannot run code of the value's own, such as getters and proxies.
function describe(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  return typeof value === 'object' ? 'another object' : `a ${typeof value}`;
}

export function invalidHandle(expected: string, received: unknown): TypeError {
  return coded(
    new TypeError(`Expected a handle of type ${expected}. Received ${describe(received)}`),
    'ERR_INVALID_ARG_TYPE',
  );
}

export function invalidCallback(name: string, received: unknown): TypeError {
  const message = `${name}: the callback must be a function or null. Received ${describe(received)}`;
  return coded(new TypeError(message), 'ERR_INVALID_ARG_TYPE');
}

export function illegalConstructor(): TypeError {
  return coded(new TypeError('Illegal constructor: handles come from the functions of C'), 'ERR_ILLEGAL_CONSTRUCTOR');
}

export function notBuilt(file: string, cause?: unknown): Error {
  const message =
    `The addon of sslctx is not built: ${file} is missing. Its install script must run: \`npm install-scripts ` +
    'approve sslctx` where npm asks for that, then `npm rebuild sslctx`. It needs a C++20 compiler, make, Python 3, ' +
    'pkg-config and the headers of OpenSSL 3 (Debian, Ubuntu: apt-get install build-essential python3 pkg-config libssl-dev; ' +
    'Fedora: dnf install gcc-c++ make python3 pkgconf openssl-devel; Alpine: apk add build-base python3 pkgconf openssl-dev; ' +
    'macOS: brew install pkg-config openssl@3)';
  return coded(new Error(message, { cause }), 'ERR_SSLCTX_NOT_BUILT');
}

/** The dynamic linker finds no libssl that is as new as the headers of the build. */
export function otherOpenssl(cause: Error): Error {
  const message =
    'sslctx was compiled for another OpenSSL than the one that is installed now. Rebuild it: npm rebuild sslctx ' +
    `(${cause.message})`;
  return coded(new Error(message, { cause }), 'ERR_SSLCTX_WRONG_OPENSSL');
}

/** For a runtime that is not Node, and in which the addon cannot be loaded. */
export function unsupportedRuntime(name: string, cause: unknown): Error {
  const message =
    `sslctx cannot be loaded in ${name}: the addon needs Node's event loop (libuv), which ${name} does not have. ` +
    'Run it with Node 20.19 or newer';
  return coded(new Error(message, { cause }), 'ERR_SSLCTX_RUNTIME');
}
