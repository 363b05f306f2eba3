// Servers on real sockets, with clients that come back: who is resumed, also after keys were rotated, labels revoked, the
// cache emptied, and while the context of live connections is freed.
import { once } from 'node:events';
import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  connect,
  createServer,
  SslContext,
  type SslServer,
  type SslSession,
  TicketKeyRing,
} from '../../../src/index.ts';
import { certificate } from '../../helpers/pair.ts';
import type { Op } from '../program.ts';
import type { Operation, World } from '../world.ts';
import { number } from './values.ts';

const KINDS = ['stateful', 'stateless', 'ring'] as const;
const LABELS = ['alice', 'bob', 'carol'] as const;
const MOST_SITES = 2;
const MOST_TICKETS = 6;

/** What a client has got. */
interface Ticket {
  readonly session: SslSession;
  readonly label: string | undefined;
  /** Of the key that issued it. */
  readonly epoch: number;
  /** Whether the server still takes it. */
  isGood: boolean;
}

/** A server, and its clients' tickets. */
class Site {
  readonly protocol: 'TLSv1.2' | 'TLSv1.3';
  readonly kind: (typeof KINDS)[number];
  readonly context: SslContext;
  readonly client: SslContext;
  readonly ring: TicketKeyRing | undefined;
  readonly server: SslServer;
  readonly tickets: Ticket[] = [];
  label: string | undefined;
  port = 0;
  /** How often the key has changed. */
  epoch = 0;
  visits = 0;
  hits = 0;

  constructor(value: number) {
    this.protocol = value % 2 === 0 ? 'TLSv1.2' : 'TLSv1.3';
    this.kind = KINDS[(value >> 1) % 3] ?? 'stateful';
    this.ring = this.kind === 'ring' ? new TicketKeyRing({ keys: TicketKeyRing.generateKey() }) : undefined;
    this.context = new SslContext({
      ...certificate(),
      minVersion: this.protocol,
      maxVersion: this.protocol,
      sessionIdContext: 'site',
      tickets: this.kind === 'stateful' ? 'stateful' : 'stateless',
      ...(this.ring === undefined ? {} : { ticketKeyRing: this.ring }),
      ...(this.labels ? { numTickets: 0 } : {}),
    });
    this.client = new SslContext({ ca: certificate().cert, sessionCache: { mode: ['client', 'no-internal'] } });
    this.server = createServer({ context: this.context }, (socket) => {
      if (this.label !== undefined) {
        socket.setTicketLabel(this.label);
        socket.issueTicket();
      }
      socket.end('welcome');
    });
  }

  /** In TLS 1.3 a label can be given to a ticket of its own. */
  get labels(): boolean {
    return this.ring !== undefined && this.protocol === 'TLSv1.3';
  }
}

const sites = new WeakMap<World, Site[]>();

function sitesOf(world: World): Site[] {
  const known = sites.get(world) ?? [];
  sites.set(world, known);
  return known;
}

async function open(world: World, op: Op): Promise<void> {
  const all = sitesOf(world);
  if (all.length >= MOST_SITES) return;
  const site = new Site(number(op, 0));
  site.server.listen(0, '127.0.0.1');
  await once(site.server, 'listening');
  const address = site.server.address();
  if (address === null || typeof address === 'string') return world.fail('the server has no port');
  site.port = address.port;
  all.push(site);
}

/** One whole connection with a clean end. */
async function visit(world: World, op: Op): Promise<void> {
  const site = world.pick(sitesOf(world), number(op, 0));
  if (site === undefined) return;
  const ticket = number(op, 1) % 4 === 0 ? undefined : world.pick(site.tickets, number(op, 1));
  site.label = site.labels ? LABELS[number(op, 2) % LABELS.length] : undefined;
  if (site.label !== undefined && site.ring?.isRevoked(site.label)) site.label = undefined;
  const { label } = site;
  const arrived = once(site.server, 'secureConnection');
  const socket = connect({
    port: site.port,
    host: '127.0.0.1',
    servername: 'localhost',
    context: site.client,
    session: ticket?.session,
  });
  const got: SslSession[] = [];
  socket.on('session', (session) => got.push(session));
  const closed = once(socket, 'close');
  let isReused: boolean | undefined;
  socket.once('secureConnect', () => {
    isReused = socket.isSessionReused();
  });
  socket.resume();
  const failed = once(socket, 'error').then(([error]) => world.fail(`a client failed: ${String(error)}`));
  const [peer] = await Promise.race([arrived, failed]);
  await Promise.race([Promise.all([closed, once(peer, 'close')]), failed]);
  const expected = ticket?.isGood ?? false;
  const what = `a visit of ${site.kind}, ${site.protocol}`;
  world.equal(isReused, expected, `whether the client resumed in ${what}`);
  site.visits++;
  if (expected) site.hits++;
  // A client uses a session of TLS 1.3 once: C4 in docs/differences.md. One of TLS 1.2 is over when its ticket is renewed.
  if (expected && ticket !== undefined && (site.protocol === 'TLSv1.3' || ticket.epoch !== site.epoch)) {
    ticket.isGood = false;
  }
  world.equal(site.context.stats.accept, site.visits, `handshakes begun in ${what}`);
  world.equal(site.context.stats.acceptGood, site.visits, `handshakes done in ${what}`);
  world.equal(site.context.stats.hits, site.hits, `sessions resumed in ${what}`);
  world.count(`socket visit ${site.kind} ${expected ? 'resumed' : 'full'}`);
  const last = got.at(-1);
  if (last === undefined) return;
  site.tickets.push({ session: last, label, epoch: site.epoch, isGood: true });
  if (site.tickets.length > MOST_TICKETS) site.tickets.shift();
}

/** What the owner of a site does. */
async function manage(world: World, op: Op): Promise<void> {
  const site = world.pick(sitesOf(world), number(op, 0));
  if (site === undefined) return;
  const { ring } = site;
  const what = number(op, 1) % 3;
  if (what === 0 && site.kind === 'stateful') {
    site.context.clearSessions();
    for (const ticket of site.tickets) ticket.isGood = false;
  } else if (what === 1 && ring !== undefined) {
    // The key before stays good for its lifetime.
    ring.rotate(TicketKeyRing.generateKey());
    site.epoch++;
  } else if (what === 2 && ring !== undefined) {
    const label = LABELS[number(op, 2) % LABELS.length] ?? 'alice';
    ring.revoke(label);
    for (const ticket of site.tickets) if (ticket.label === label) ticket.isGood = false;
  }
}

/** Closes it; in the middle of a connection, whose context is freed under it. */
async function close(world: World, op: Op): Promise<void> {
  const all = sitesOf(world);
  const site = world.pick(all, number(op, 0));
  if (site === undefined) return;
  all.splice(all.indexOf(site), 1);
  await shut(site, number(op, 1) % 2 === 0);
}

async function shut(site: Site, isEarly: boolean): Promise<void> {
  const closed = once(site.server, 'close');
  if (isEarly) {
    const socket = connect({ port: site.port, host: '127.0.0.1', servername: 'localhost', context: site.client });
    socket.on('error', () => {});
    const ended = once(socket, 'close');
    const [peer] = await once(site.server, 'secureConnection');
    site.context.free();
    site.client.free();
    peer.destroy();
    socket.destroy();
    await ended;
  }
  site.server.close();
  await closed;
  for (const { session } of site.tickets) session.free();
  site.context.free();
  site.client.free();
  await nextTurn();
}

/** At the end of a program. */
export async function closeSites(world: World): Promise<void> {
  for (const site of sitesOf(world).splice(0)) await shut(site, false);
}

export const outerSiteOperations: Readonly<Record<string, Operation>> = {
  openSite: open,
  visitSite: visit,
  manageSite: manage,
  closeSite: close,
};
