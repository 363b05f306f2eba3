// undici on the system's libssl: a Pool whose new connections resume the sessions of old ones.
//   node undici-client.mjs
import { once } from 'node:events';
import { connector } from 'sslctx';
import { createServer } from 'sslctx/https';
import { makeCertificate } from 'sslctx/testing';
import { Pool } from 'undici';

const { cert, key } = makeCertificate();
const server = createServer({ cert, key, sessionIdContext: 'shop' }, (request, response) => {
  // One request for each connection: otherwise there would be no second handshake to look at.
  response.setHeader('connection', 'close');
  response.end(request.socket.resumption.accepted ? 'resumed' : 'full handshake');
});
server.listen(0, 'localhost');
await once(server, 'listening');

const pool = new Pool(`https://localhost:${server.address().port}`, {
  connect: connector({ ca: cert }),
  connections: 1,
});
for (const path of ['/1', '/2', '/3']) {
  const { statusCode, body } = await pool.request({ method: 'GET', path });
  console.log(path, statusCode, await body.text());
}
await pool.close();
server.close();
