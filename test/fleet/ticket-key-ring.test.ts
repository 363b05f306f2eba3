import { hkdfSync } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import test, { type ExecutionContext } from 'ava';
import { type SslConnection, SslContext, type SslSession, TicketKeyRing } from '../../src/index.ts';
import { clientContext, close, connect, type Protocol, protocols, serverContext } from '../helpers/classes.ts';

const secret = Buffer.alloc(32, 's');
const period = 3600;

interface Visit {
  reused: boolean;
  label: string | undefined;
  /** What the client can offer next. */
  session: SslSession;
  ticketName: Buffer;
}

/** One connection, by a client that offers `session`. */
function visit(
  server: SslContext,
  session?: SslSession,
  prepare: (connection: SslConnection) => void = () => {},
): Visit {
  const client = clientContext();
  const sessions: SslSession[] = [];
  client.sessionCacheMode = ['client', 'no-internal'];
  client.on('newSession', (each) => sessions.push(each));
  // A client marks what it has offered and got anew as not resumable.
  const pair = connect(server, client, session === undefined ? {} : { session: session.clone() });
  prepare(pair.server);
  const { isSessionReused: reused } = pair.client;
  const label = pair.server.ticketLabel;
  const last = sessions.at(-1) ?? pair.client.session;
  close(pair);
  const { ticket } = last ?? {};
  if (last === undefined || ticket === undefined) throw new Error('no ticket');
  return { reused, label, session: last, ticketName: ticket.subarray(0, 16) };
}

function served(protocol: Protocol, ring: TicketKeyRing): SslContext {
  return serverContext(protocol, { ticketKeyRing: ring });
}

function folder(t: ExecutionContext): string {
  const path = mkdtempSync(join(tmpdir(), 'sslctx-'));
  t.teardown(() => rmSync(path, { recursive: true }));
  return path;
}

/** At the beginning of a period: offsets then count from there. */
function alignedRing(options: object = {}): TicketKeyRing {
  const ring = new TicketKeyRing({ secret, rotateEvery: period, lifetime: 2 * period, ...options });
  ring.clockOffset = period - (Math.floor(Date.now() / 1000) % period) + 10;
  return ring;
}

for (const protocol of protocols) {
  test(`rings of one secret open each other's tickets, others do not, ${protocol}`, (t) => {
    const first = visit(served(protocol, new TicketKeyRing({ secret })));
    t.false(first.reused);
    t.true(visit(served(protocol, new TicketKeyRing({ secret })), first.session).reused);
    const stranger = new TicketKeyRing({ secret: Buffer.alloc(32, 'x') });
    t.false(visit(served(protocol, stranger), first.session).reused);
    t.like(stranger.stats, { unknown: 1, accepted: 0 });
  });

  test(`old keys are accepted for their lifetime, and their tickets renewed, ${protocol}`, (t) => {
    const ring = alignedRing();
    const server = served(protocol, ring);
    const start = ring.clockOffset;
    const first = visit(server);
    t.deepEqual(first.ticketName, ring.keyName);
    ring.clockOffset = start + period;
    t.notDeepEqual(first.ticketName, ring.keyName);
    const renewed = visit(server, first.session);
    t.true(renewed.reused);
    t.deepEqual(renewed.ticketName, ring.keyName);
    t.is(ring.stats.renewed, 1);
    // The last minute of its lifetime, and the next.
    ring.clockOffset = start + 3 * period - 60;
    t.true(visit(server, first.session).reused);
    ring.clockOffset = start + 3 * period;
    t.false(visit(server, first.session).reused);
    t.true(visit(server, renewed.session).reused);
  });

  test(`a machine whose clock is ahead is understood, ${protocol}`, (t) => {
    const [own, ahead] = [alignedRing(), alignedRing()];
    ahead.clockOffset += period;
    const { session } = visit(served(protocol, ahead));
    const back = visit(served(protocol, own), session);
    t.true(back.reused);
    t.deepEqual(back.ticketName, own.keyName);
  });

  test(`tickets of the key that issues are renewed as without a ring, ${protocol}`, (t) => {
    const server = served(protocol, alignedRing());
    const first = visit(server);
    const second = visit(server, first.session);
    t.true(second.reused);
    // TLS 1.3 clients get one for each connection.
    t.is(second.session.ticket?.equals(first.session.ticket ?? Buffer.alloc(0)), protocol === 'TLSv1.2');
  });

  test(`keys: rotation, and a key that is accepted before it issues, ${protocol}`, (t) => {
    const [one, two] = [TicketKeyRing.generateKey(), TicketKeyRing.generateKey()];
    const ring = new TicketKeyRing({ keys: one, lifetime: 100 });
    const server = served(protocol, ring);
    const at = Math.floor(Date.now() / 1000) + 1000;
    ring.rotate(two, { at });
    const first = visit(server);
    t.deepEqual(first.ticketName, one.subarray(0, 16));
    t.true(visit(server, visit(served(protocol, new TicketKeyRing({ keys: two }))).session).reused);
    ring.clockOffset = 1050;
    t.deepEqual(ring.keyName, two.subarray(0, 16));
    const renewed = visit(server, first.session);
    t.true(renewed.reused);
    t.deepEqual(renewed.ticketName, two.subarray(0, 16));
    ring.clockOffset = 1200;
    t.false(visit(server, first.session).reused);
    t.deepEqual(ring.keyNames, [two.subarray(0, 16)]);
  });

  test(`a revoked label is refused, others are not, and the label outlives renewal, ${protocol}`, (t) => {
    const ring = alignedRing();
    const server = served(protocol, ring);
    const [mine, yours] = [visit(server), visit(server)];
    t.regex(mine.label ?? '', /^[0-9a-f]{32}$/);
    t.not(mine.label, yours.label);
    ring.clockOffset += period;
    const renewed = visit(server, mine.session);
    t.is(renewed.label, mine.label);
    ring.revoke(mine.label ?? '');
    for (const { session } of [mine, renewed]) {
      const refused = visit(server, session);
      t.false(refused.reused);
      t.not(refused.label, mine.label);
      t.true(visit(server, refused.session).reused);
    }
    t.true(visit(server, yours.session).reused);
    t.is(ring.stats.revoked, 2);
  });

  test(`server and ring of libssl's own: one key serves both, ${protocol}`, (t) => {
    const key = TicketKeyRing.generateKey();
    const plain = serverContext(protocol, { ticketKeys: key });
    const ringed = served(protocol, new TicketKeyRing({ keys: key }));
    t.true(visit(ringed, visit(plain).session).reused);
    t.true(visit(plain, visit(ringed).session).reused);
  });

  test(`a secret can be changed on all machines at one time, ${protocol}`, (t) => {
    const next = Buffer.alloc(40, 'n');
    const [told, late] = [alignedRing(), alignedRing()];
    const at = Math.floor(Date.now() / 1000) + told.clockOffset + 600;
    const before = visit(served(protocol, told));
    told.rotate(next, { at });
    t.true(visit(served(protocol, late), visit(served(protocol, told)).session).reused);
    late.rotate(next, { at });
    late.clockOffset += 700;
    const after = visit(served(protocol, late), before.session);
    t.true(after.reused);
    t.deepEqual(after.ticketName, late.keyName);
    t.true(visit(served(protocol, told), after.session).reused);
    late.clockOffset += 3 * period;
    t.false(visit(served(protocol, late), before.session).reused);
  });
}

test('the derivation is HKDF-SHA256 of the secret and the period', (t) => {
  const ring = alignedRing();
  const period64 = Buffer.alloc(8);
  period64.writeBigUInt64BE(BigInt(Math.floor((Math.floor(Date.now() / 1000) + ring.clockOffset) / period)));
  const info = Buffer.concat([Buffer.from('sslctx ticket key '), period64]);
  const key = Buffer.from(hkdfSync('sha256', secret, '', info, 80));
  t.deepEqual(ring.exportKeys().subarray(0, 80), key);
});

test('what a revocation costs is bounded, and forgotten when its tickets are over', (t) => {
  const ring = alignedRing({ maxRevocations: 2 });
  ring.revoke('one');
  ring.revoke('two');
  ring.revoke('two');
  t.throws(() => ring.revoke('three'), { code: 'ERR_SSLCTX_REVOCATIONS_FULL' });
  t.true(ring.isRevoked('one'));
  t.deepEqual(ring.revocations.map(({ label }) => label).sort(), ['one', 'two']);
  const now = Math.floor(Date.now() / 1000) + ring.clockOffset;
  for (const { until } of ring.revocations)
    t.true(until !== undefined && until >= now + 2 * period && until <= now + 3 * period + 1);
  ring.clockOffset += 3 * period + 1;
  t.deepEqual(ring.revocations, []);
  ring.revoke('three', { until: now });
  t.false(ring.isRevoked('three'));
  const still = new TicketKeyRing({ keys: TicketKeyRing.generateKey() });
  still.revoke('for ever');
  t.deepEqual(still.revocations, [{ label: 'for ever', until: undefined }]);
});

test('a connection that is open when its label is revoked gets no good ticket later', (t) => {
  const ring = alignedRing();
  const server = served('TLSv1.3', ring);
  const first = visit(server);
  const again = visit(server, first.session, (connection) => ring.revoke(connection.ticketLabel ?? ''));
  t.true(again.reused);
  t.false(visit(server, again.session).reused);
});

test('labels of connections: when they can be set', (t) => {
  const ring = new TicketKeyRing({ secret });
  for (const protocol of protocols) {
    const server = served(protocol, ring);
    visit(server, undefined, (connection) => {
      t.throws(() => connection.setTicketLabel('late'), { code: 'ERR_SSLCTX_STATE' });
      t.throws(() => connection.setTicketLabel(''), { code: 'ERR_INVALID_ARG_VALUE' });
      t.throws(() => connection.setTicketLabel('é'.repeat(128)), { code: 'ERR_INVALID_ARG_VALUE' });
      const own = connection.ticketLabel ?? '';
      t.notThrows(() => connection.setTicketLabel(own));
    });
  }
  const plain = connect(serverContext('TLSv1.3'), clientContext());
  t.throws(() => plain.server.setTicketLabel('x'), { code: 'ERR_SSLCTX_STATE', message: /no ticketKeyRing/ });
  t.is(plain.server.ticketLabel, undefined);
  close(plain);
});

test('key files: those of nginx, and what save writes', async (t) => {
  const [one, two] = [TicketKeyRing.generateKey(), TicketKeyRing.generateKey()];
  const path = folder(t);
  writeFileSync(join(path, 'one'), one);
  writeFileSync(join(path, 'two'), two);
  const ring = await TicketKeyRing.fromFiles([join(path, 'one'), join(path, 'two')]);
  t.deepEqual(ring.exportKeys(), Buffer.concat([one, two]));
  await ring.save(join(path, 'both'));
  t.is(statSync(join(path, 'both')).mode & 0o777, 0o600);
  t.deepEqual(readFileSync(join(path, 'both')), Buffer.concat([one, two]));
  t.deepEqual((await TicketKeyRing.fromFiles(join(path, 'both'))).keyNames, ring.keyNames);
  writeFileSync(join(path, 'short'), one.subarray(1));
  await t.throwsAsync(TicketKeyRing.fromFiles(join(path, 'short')), { code: 'ERR_INVALID_ARG_VALUE' });
  await t.throwsAsync(TicketKeyRing.fromFiles(join(path, 'none')), { code: 'ENOENT' });
});

test('what makes no sense is refused', (t) => {
  const code = 'ERR_INVALID_ARG_VALUE';
  t.throws(() => new TicketKeyRing({}), { code });
  t.throws(() => new TicketKeyRing({ secret: Buffer.alloc(31) }), { code });
  t.throws(() => new TicketKeyRing({ keys: Buffer.alloc(48) }), { code });
  t.throws(() => new TicketKeyRing({ secret, rotateEvery: 10, lifetime: 2561 }), { code: 'ERR_OUT_OF_RANGE' });
  const ticketKeyRing = new TicketKeyRing({ secret });
  t.throws(() => new SslContext({ ticketKeyRing, ticketKeys: Buffer.alloc(80) }), { code });
  t.throws(() => new SslContext({ ticketKeyRing, tickets: 'stateful' }), { code });
  t.throws(() => new SslContext({ ticketKeyRing, maxEarlyData: 1000 }), { code });
  t.notThrows(() => new SslContext({ ticketKeyRing, maxEarlyData: 1000, antiReplay: false }));
  const impostor: object = { ticketKeyRing: {} };
  t.throws(() => new SslContext(impostor), { code: 'ERR_INVALID_ARG_TYPE' });
  const context = new SslContext({ ticketKeyRing });
  t.is(context.ticketKeyRing, ticketKeyRing);
  t.throws(() => context.ticketKeys, { code: 'ERR_SSLCTX_STATE' });
  t.throws(() => ticketKeyRing.rotate(), { code: 'ERR_INVALID_ARG_TYPE' });
  ticketKeyRing.rotate(Buffer.alloc(32, 2), { at: 2 ** 33 });
  t.throws(() => ticketKeyRing.rotate(Buffer.alloc(32, 3)), { code: 'ERR_SSLCTX_STATE' });
  t.false(inspect(ticketKeyRing).includes(ticketKeyRing.exportKeys().subarray(16, 48).toString('hex')));
});
