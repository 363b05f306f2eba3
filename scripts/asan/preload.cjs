// In each Node process of a sanitizer run. Other programs that tests start (curl, openssl, a compiler) run without the
// sanitizers' runtime: their leaks are not ours, and under its setlocale curl waits for a lock for ever. Node itself is
// started through a script that puts the runtime back.
const { join } = require('node:path');

process.env.SSLCTX_NODE ??= process.execPath;
process.env.SSLCTX_SANITIZER ??= process.env.LD_PRELOAD;
delete process.env.LD_PRELOAD;
process.execPath = join(__dirname, 'node');
