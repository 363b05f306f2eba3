// `sslctx probe` against other people's servers: what it says is what their configuration says, and what s_client sees.
import test from 'ava';
import { sClient } from '../../src/testing/index.ts';
import { sslctx, sslctxJson } from './cli.ts';
import { gnutlsServer, nginxServer, nodeServer, noTicket, opensslServer, type TestServer } from './servers.ts';

/** `yes`: also a second time; `once`: not a second time; `no`: given, but not resumed; `none`: not even given. */
type Outcome = 'yes' | 'once' | 'no' | 'none';

interface Case {
  title: string;
  start: () => Promise<TestServer>;
  /** It answers to HTTP. */
  http: boolean;
  /** TLS 1.3: tickets after a full handshake and after a resumption. */
  tls13: { outcome: Outcome; tickets: number; renewed: number; kind?: string; lifetime?: number; early?: number };
  /** TLS 1.2. */
  ticket: { outcome: Outcome; lifetime?: number };
  id: Outcome;
}

const stateless = { outcome: 'yes', tickets: 2, kind: 'stateless' } as const;
const stateful = { outcome: 'yes', tickets: 2, kind: 'stateful' } as const;
const useless = { outcome: 'no', tickets: 2, renewed: 0, kind: 'stateful' } as const;
const none = { outcome: 'none', tickets: 0, renewed: 0 } as const;

const cases: Case[] = [
  {
    title: 'node:tls as it is keeps no sessions, and gives IDs that are good for nothing',
    start: () => nodeServer({ sessionTimeout: 600 }),
    http: true,
    tls13: { ...stateless, renewed: 0, lifetime: 600 },
    ticket: { outcome: 'yes', lifetime: 600 },
    id: 'no',
  },
  {
    title: 'node:tls with a store and without tickets: in TLS 1.3 it asks the store for another ID',
    start: () => nodeServer({ ...noTicket, sessionTimeout: 600, sessionIdContext: 'probe' }, true),
    http: true,
    tls13: { ...useless, lifetime: 600 },
    ticket: { outcome: 'none' },
    id: 'yes',
  },
  {
    title: 'nginx with a cache and with tickets',
    start: () => nginxServer('ssl_session_cache shared:probe:1m; ssl_session_timeout 10m;'),
    http: true,
    tls13: { ...stateless, renewed: 1, lifetime: 600 },
    ticket: { outcome: 'yes', lifetime: 600 },
    id: 'yes',
  },
  {
    title: 'nginx with a cache and without tickets',
    start: () => nginxServer('ssl_session_cache shared:probe:1m; ssl_session_tickets off;'),
    http: true,
    tls13: { ...stateful, renewed: 1, lifetime: 300 },
    ticket: { outcome: 'none' },
    id: 'yes',
  },
  {
    title: 'nginx that pretends: the cache is none',
    start: () => nginxServer('ssl_session_cache none; ssl_session_tickets off;'),
    http: true,
    tls13: { ...useless, lifetime: 300 },
    ticket: { outcome: 'none' },
    id: 'no',
  },
  {
    title: 'nginx that says no: the cache is off',
    start: () => nginxServer('ssl_session_cache off; ssl_session_tickets off;'),
    http: true,
    tls13: { ...useless, lifetime: 300 },
    ticket: { outcome: 'none' },
    id: 'none',
  },
  {
    title: 'nginx with early data',
    start: () => nginxServer('ssl_early_data on;'),
    http: true,
    tls13: { ...stateless, renewed: 1, lifetime: 300, early: 16_384 },
    ticket: { outcome: 'yes', lifetime: 300 },
    id: 'no',
  },
  {
    title: 'openssl s_server',
    start: () => opensslServer({}),
    http: false,
    tls13: { ...stateless, renewed: 1, lifetime: 7200 },
    ticket: { outcome: 'yes', lifetime: 7200 },
    id: 'yes',
  },
  {
    title: 'openssl s_server -no_ticket -num_tickets 3',
    start: () => opensslServer({ noTicket: true, numTickets: 3 }),
    http: false,
    tls13: { ...stateful, tickets: 3, renewed: 1, lifetime: 7200 },
    ticket: { outcome: 'none' },
    id: 'yes',
  },
  {
    title: 'openssl s_server -num_tickets 0',
    start: () => opensslServer({ numTickets: 0 }),
    http: false,
    tls13: none,
    ticket: { outcome: 'yes', lifetime: 7200 },
    id: 'yes',
  },
  {
    title: 'openssl s_server -early_data: with its replay protection, a ticket is good once',
    start: () => opensslServer({ earlyData: true }),
    http: false,
    tls13: { ...stateful, outcome: 'once', renewed: 1, lifetime: 7200, early: 16_384 },
    ticket: { outcome: 'yes', lifetime: 7200 },
    id: 'yes',
  },
  {
    title: 'openssl s_server -early_data -no_anti_replay',
    start: () => opensslServer({ earlyData: true, antiReplay: false }),
    http: false,
    tls13: { ...stateless, renewed: 1, lifetime: 7200, early: 16_384 },
    ticket: { outcome: 'yes', lifetime: 7200 },
    id: 'yes',
  },
  {
    title: 'openssl s_server -no_cache -no_ticket',
    start: () => opensslServer({ sessionCache: 'off', noTicket: true }),
    http: false,
    tls13: { ...useless, lifetime: 7200 },
    ticket: { outcome: 'none' },
    id: 'none',
  },
  {
    title: 'gnutls-serv',
    start: () => gnutlsServer(),
    http: true,
    tls13: { ...stateless, renewed: 2, lifetime: 21_600 },
    ticket: { outcome: 'yes', lifetime: 21_600 },
    id: 'yes',
  },
  {
    title: 'gnutls-serv --noticket',
    start: () => gnutlsServer('--noticket'),
    http: true,
    tls13: none,
    ticket: { outcome: 'none' },
    id: 'yes',
  },
  {
    title: 'gnutls-serv --noticket --nodb',
    start: () => gnutlsServer('--noticket', '--nodb'),
    http: true,
    tls13: none,
    ticket: { outcome: 'none' },
    id: 'no',
  },
];

function outcomeOf({ issued, resumed, again }: { issued: boolean; resumed: boolean; again?: boolean }): Outcome {
  if (!issued) return 'none';
  if (!resumed) return 'no';
  return again ? 'yes' : 'once';
}

/** What s_client says: three connections, the last two with the session of the first. */
async function witness(port: number, protocol: 'TLSv1.2' | 'TLSv1.3', offersNoTicket: boolean, tickets: number) {
  const common = { port, protocol, noTicket: offersNoTicket, timeout: 60_000 } as const;
  const first = await sClient({ ...common, waitForTickets: tickets });
  const isIssued = protocol === 'TLSv1.2' ? first.sessionId.length > 0 : first.tickets.length > 0;
  const hasTicket = first.tickets.length > 0;
  const [second, third] = isIssued
    ? [await sClient({ ...common, sessionIn: first.session }), await sClient({ ...common, sessionIn: first.session })]
    : [];
  const isUsed = protocol === 'TLSv1.3' || !offersNoTicket ? hasTicket : isIssued;
  return {
    outcome: outcomeOf({ issued: isUsed, resumed: second?.reused === true, again: third?.reused === true }),
    tickets: first.tickets.map((each) => ({
      bytes: each.ticket?.length,
      lifetime: each.ticketLifetimeHint ?? 0,
      maxEarlyData: each.maxEarlyData ?? 0,
    })),
  };
}

for (const { title, start, http, tls13, ticket, id } of cases) {
  test.serial(`the truth about ${title}`, async (t) => {
    const server = await start();
    t.teardown(() => server.stop());
    const where = `127.0.0.1:${server.port}`;
    // Servers that answer nothing are waited for: as long as a busy machine needs, where there is something to wait for.
    const patience = http || tls13.tickets > 0 ? '20000' : '2000';
    const patient = ['--wait', patience, '--timeout', '60000', ...(http ? ['--http'] : [])];
    const { code, value } = await sslctxJson('probe', where, ...patient);
    const [version13, version12] = value.versions;
    t.is(version13.version, 'TLSv1.3');
    t.is(outcomeOf(version13.ticket), tls13.outcome);
    t.is(version13.ticket.renewed, tls13.renewed);
    t.is(version13.ticket.kind, tls13.kind);
    const { lifetime, early = 0 } = tls13;
    t.deepEqual(
      version13.ticket.tickets.map((each: { lifetime: number; maxEarlyData: number }) => [
        each.lifetime,
        each.maxEarlyData,
      ]),
      Array.from({ length: tls13.tickets }, () => [lifetime, early]),
    );
    t.is(version12.version, 'TLSv1.2');
    t.is(outcomeOf(version12.ticket), ticket.outcome);
    t.is(version12.ticket.tickets[0]?.lifetime, ticket.lifetime);
    t.is(outcomeOf(version12.sessionId), id);
    const outcomes = [tls13.outcome, ticket.outcome, id];
    t.is(code, outcomes.some((each) => each === 'yes' || each === 'once') ? 0 : 1);

    // The same questions to the same server, by another program.
    const seen13 = await witness(server.port, 'TLSv1.3', false, tls13.tickets);
    t.is(seen13.outcome, tls13.outcome);
    t.deepEqual(seen13.tickets, version13.ticket.tickets);
    t.is((await witness(server.port, 'TLSv1.2', false, 0)).outcome, ticket.outcome);
    t.is((await witness(server.port, 'TLSv1.2', true, 0)).outcome, id);
  });
}

test.serial('for people: versions, ways and numbers, in words', async (t) => {
  const server = await opensslServer({ noTicket: true, protocol: 'TLSv1.3' });
  t.teardown(() => server.stop());
  const { stdout, stderr, code } = await sslctx('probe', `127.0.0.1:${server.port}`, '--wait', '20000');
  t.is(stderr, '');
  t.is(code, 0);
  t.regex(stdout, /^TLSv1.3\n {2}ticket +resumed, and a second time\n {2}kind +stateful: 32 bytes, too short/m);
  t.regex(stdout, /tickets +2 tickets after a full handshake, 1 after a resumption\n +lifetime +7200 s \(2 hours\)/);
  t.regex(stdout, /0-RTT +no/);
  t.regex(stdout, /^TLSv1.2\n {2}supported +no: ERR_SSL_/m);
});

for (const [title, start] of [
  ['nginx', () => nginxServer('ssl_early_data on;')],
  ['gnutls-serv', () => gnutlsServer('--earlydata')],
] as const) {
  test.serial(`--early tries early data: ${title}`, async (t) => {
    const server = await start();
    t.teardown(() => server.stop());
    const where = `127.0.0.1:${server.port}`;
    const { value } = await sslctxJson('probe', where, '--http', '--early', '--only', 'TLSv1.3');
    t.is(value.versions[0].ticket.earlyData, 'accepted');
    const { stdout } = await sslctx('probe', where, '--http', '--only', 'TLSv1.3');
    t.regex(stdout, /0-RTT +up to 16384 bytes; not tried/);
  });
}

test.serial('sessions are taken to the other addresses of the server', async (t) => {
  const keys = 'ssl_session_cache shared:probe:1m; ssl_session_tickets off;';
  const first = await nginxServer(keys);
  t.teardown(() => first.stop());
  const second = await nginxServer(keys, '127.0.0.3', first.port);
  t.teardown(() => second.stop());
  const { value } = await sslctxJson(
    ...['probe', `localhost:${first.port}`, '--http', '--only', 'TLSv1.3'],
    ...['--address', '127.0.0.1,127.0.0.3,127.0.0.4'],
  );
  t.is(value.address, '127.0.0.1');
  t.deepEqual(value.addresses, [
    { address: '127.0.0.3', version: 'TLSv1.3', resumed: false },
    { address: '127.0.0.4', version: 'TLSv1.3', resumed: false, problem: 'ECONNREFUSED' },
  ]);
});

test.serial('one server on all addresses resumes on each', async (t) => {
  const server = await nginxServer('ssl_session_cache shared:probe:1m;', '0.0.0.0');
  t.teardown(() => server.stop());
  const { value } = await sslctxJson(
    ...['probe', `localhost:${server.port}`, '--http', '--address', '127.0.0.1,127.0.0.2'],
  );
  t.deepEqual(
    value.addresses.map(({ version, resumed }: { version: string; resumed: boolean }) => [version, resumed]),
    [
      ['TLSv1.3', true],
      ['TLSv1.2', true],
    ],
  );
});

test.serial('no server is no answer', async (t) => {
  const server = await opensslServer({});
  await server.stop();
  const { stdout, stderr, code } = await sslctx('probe', `127.0.0.1:${server.port}`);
  t.is(stdout, '');
  t.is(stderr, 'sslctx: connect ECONNREFUSED\n');
  t.is(code, 3);
});
