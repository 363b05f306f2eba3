// Processes that resume each other's stateless tickets: all they share is a secret, and the time.
//   node ticket-key-ring.mjs
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer, TicketKeyRing } from 'sslctx';
import { makeCertificate } from 'sslctx/testing';

async function serve({ secret, cert, key }) {
  const ticketKeyRing = new TicketKeyRing({ secret: Buffer.from(secret, 'hex'), rotateEvery: 3600, lifetime: 7200 });
  const server = createServer({ cert, key, sessionIdContext: 'shop', ticketKeyRing }, (socket) => {
    socket.on('error', () => {});
    socket.end('hello\n');
  });
  server.listen(0, 'localhost');
  await once(server, 'listening');
  process.send(server.address().port);
}

/** One connection: whether the session was resumed, and the session for the next one. */
async function visit(port, ca, session) {
  const socket = connect({ host: 'localhost', port, ca, session });
  let latest;
  socket.on('session', (ticket) => {
    latest = ticket;
  });
  await once(socket, 'secureConnect');
  const { accepted } = socket.resumption;
  await once(socket.resume(), 'close');
  return { resumed: accepted, session: latest };
}

if (process.send) {
  process.once('message', serve);
} else {
  const { cert, key } = makeCertificate();
  const message = { secret: TicketKeyRing.generateKey().toString('hex'), cert, key };
  const machines = [fork(import.meta.filename), fork(import.meta.filename)];
  const ports = [];
  for (const machine of machines) {
    machine.send(message);
    ports.push((await once(machine, 'message'))[0]);
  }
  const first = await visit(ports[0], cert);
  const second = await visit(ports[1], cert, first.session);
  console.log('first process:', first.resumed ? 'resumed' : 'full handshake');
  console.log('second process:', second.resumed ? 'resumed' : 'full handshake');
  for (const machine of machines) machine.kill();
}
