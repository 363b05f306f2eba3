// Child of environment.test.ts: which libssl is loaded in this working directory.
process.chdir(process.argv[2] ?? '.');
const { openssl } = await import('../../../src/index.ts');
console.log(openssl.libssl);
