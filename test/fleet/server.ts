// One machine of a fleet: a server in a process of its own. Arguments: the options, JSON. Each line on standard input is a
// command, JSON; standard output has a line for each event, JSON.
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { createServer, TicketKeyRing } from '../../src/index.ts';

interface Options {
  cert: string;
  key: string;
  secret: string;
  rotateEvery: number;
  /** Labels the tickets of connections before they go out. */
  label?: string;
}

interface Command {
  clockOffset?: number;
  revoke?: string;
}

const { cert, key, secret, rotateEvery, label }: Options = JSON.parse(process.argv[2] ?? '{}');
const ticketKeyRing = new TicketKeyRing({
  secret: Buffer.from(secret, 'hex'),
  rotateEvery,
  lifetime: 2 * rotateEvery,
});
const say = (event: object): void => console.log(JSON.stringify(event));

const server = createServer({ cert, key, sessionIdContext: 'fleet', ticketKeyRing, deferTickets: true });
server.on('secureConnection', (socket) => {
  if (label !== undefined && socket.getProtocol() === 'TLSv1.3' && !socket.isSessionReused()) {
    socket.setTicketLabel(label);
  }
  socket.end('hello\n', () => say({ resumption: socket.resumption, label: socket.ticketLabel }));
});
server.listen({ port: 0, host: '127.0.0.1' });
await once(server, 'listening');
const address = server.address();
if (address === null || typeof address === 'string') throw new Error('no port');
say({ port: address.port });

for await (const line of createInterface({ input: process.stdin })) {
  const { clockOffset, revoke }: Command = JSON.parse(line);
  if (clockOffset !== undefined) ticketKeyRing.clockOffset = clockOffset;
  if (revoke !== undefined) ticketKeyRing.revoke(revoke);
  say({ done: true });
}
await server[Symbol.asyncDispose]();
