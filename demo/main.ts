// `npm start`: session resumption, seen from both sides. Exits with 1 when anything comes out otherwise than it must.
import { openssl } from '../src/index.ts';
import { tellModes } from './modes.ts';
import { failureCount, heading, line, style } from './print.ts';
import { tellStories } from './stories.ts';

line('The server is createServer() of this package, the client is openssl s_client, on 127.0.0.1.');
line("New and Reused are the words that s_client printed. Counters are libssl's: what a step has changed.");

await tellStories();
await tellModes();

heading('Ran on');
line(`  ${openssl.version}, compiled with the headers of ${openssl.headerVersion}`);
line(`  ${openssl.libssl}`);
line(`  ${openssl.libcrypto}`);
line(`  OPENSSLDIR ${openssl.directory}`);
line(
  `  Node ${process.version}, with ${openssl.sharedWithNode ? 'this same OpenSSL' : `an OpenSSL ${process.versions.openssl} of its own`}`,
);

line();
if (failureCount() === 0) line(style('green', 'All outcomes are as they must be.'));
else line(style('red', `${failureCount()} outcomes are wrong.`));
process.exitCode = failureCount() === 0 ? 0 : 1;
