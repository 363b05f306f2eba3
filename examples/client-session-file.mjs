// A client that keeps its session in a file between runs: the second run resumes it.
//   node client-session-file.mjs HOST PORT [CA.pem]
// The file holds what decrypts the connection: it is for its owner only.
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { connect, SslSession } from 'sslctx';

const [host = 'localhost', port = '8443', ca] = process.argv.slice(2);
const file = process.env.SESSION_FILE ?? 'session.pem';

async function storedSession() {
  try {
    const session = SslSession.fromPEM(await readFile(file));
    // One that has expired, or is broken, only costs a full handshake.
    return session.isResumable ? session : undefined;
  } catch {
    return undefined;
  }
}

const socket = connect({
  host,
  port: Number(port),
  ...(ca && { ca: await readFile(ca) }),
  session: await storedSession(),
});
// In TLS 1.3, tickets come after the handshake, and each is good for one connection: the last one is kept.
socket.on('session', (session) => {
  socket.saved = (socket.saved ?? Promise.resolve()).then(() => writeFile(file, session.toPEM(), { mode: 0o600 }));
});
await once(socket, 'secureConnect');
console.log(socket.getProtocol(), socket.isSessionReused() ? 'resumed' : 'full handshake');

socket.end('hello\n');
let answer = '';
for await (const chunk of socket) answer += chunk;
console.log('answer:', answer.trim());
await socket.saved;
