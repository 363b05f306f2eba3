// Early data: a request that arrives with the first flight, and what becomes of a replay.
//   node early-data.mjs
import { once } from 'node:events';
import { connect, createServer } from 'sslctx';
import { makeCertificate } from 'sslctx/testing';

const { cert, key } = makeCertificate();
const server = createServer({ cert, key, sessionIdContext: 'shop', maxEarlyData: 4096 }, (socket) => {
  socket.on('error', () => {});
  socket.once('data', async (data) => {
    const request = String(data);
    // Only what may happen twice is answered at once; the rest waits for the handshake, which nobody can replay.
    if (socket.isEarly && !request.startsWith('GET')) {
      await once(socket, 'secure');
      return socket.end(`after the handshake: ${request}`);
    }
    socket.end(`${socket.isEarly ? 'early' : 'late'}: ${request}`);
  });
});
server.listen(0, 'localhost');
await once(server, 'listening');
const options = { host: 'localhost', port: server.address().port, ca: cert };

/** Sends a request as early as possible; prints the answer, and what libssl says; the tickets that came. */
async function send(request, session) {
  const socket = connect({ ...options, session, earlyData: Buffer.from(request) });
  const tickets = [];
  socket.on('session', (ticket) => tickets.push(ticket));
  let answer = '';
  for await (const chunk of socket) answer += chunk;
  console.log(answer, `(${socket.earlyData})`);
  return tickets;
}

const [one, other] = await send('GET /1');
const stolen = one.toDER();
await send('GET /2', one);
await send('POST /3', other);
// A session is good for one connection: the thief gets a full handshake, which he cannot finish without the keys.
await send('GET /2', stolen);
server.close();
