// Each Node process that ava or a test starts runs under valgrind; other programs do not.
const { join } = require('node:path');

process.env.SSLCTX_NODE ??= process.execPath;
process.execPath = join(__dirname, 'node');
