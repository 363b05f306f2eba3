// The parsers, on what the programs of several versions of OpenSSL have really printed.
import test, { type ExecutionContext } from 'ava';
import {
  countTicketsRead,
  isReportComplete,
  parseAccept,
  parseAlerts,
  parseErrors,
  parseSClientConnections,
  parseSessionText,
  parseSServerConnections,
  type SClientConnection,
  serverSessionIds,
} from '../../src/testing/index.ts';
import { type Recording, recordings } from './fixtures/recordings.ts';

const CIPHERS = { 'TLSv1.2': 'ECDHE-ECDSA-AES256-GCM-SHA384', 'TLSv1.3': 'TLS_AES_256_GCM_SHA384' };

function text(recording: Recording, name: string): string {
  const found = recording.get(name);
  if (found === undefined) throw new Error(`no recording '${name}'`);
  return found;
}

function onlyConnection(t: ExecutionContext, recording: Recording, name: string): SClientConnection {
  const [connection, ...others] = parseSClientConnections(
    text(recording, `${name} stdout`),
    text(recording, `${name} stderr`),
  );
  t.is(others.length, 0);
  if (connection === undefined) throw new Error(`no connection in '${name}'`);
  return connection;
}

for (const [version, recording] of recordings()) {
  for (const protocol of ['TLSv1.2', 'TLSv1.3'] as const) {
    for (const how of ['stateful', 'stateless']) {
      for (const state of ['new', 'reused']) {
        test(`${version}: ${protocol}, ${how}, ${state}`, (t) => {
          const name = `${protocol} ${how} ${state}`;
          const connection = onlyConnection(t, recording, name);
          t.true(connection.connected);
          t.is(connection.reused, state === 'reused');
          t.is(connection.protocol, protocol);
          t.is(connection.cipher, CIPHERS[protocol]);
          t.is(connection.alpn, 'h2');
          t.deepEqual(connection.verifyResult, { code: 18, text: 'self-signed certificate' });
          t.is(connection.earlyData, protocol === 'TLSv1.3' ? 'not sent' : undefined);
          t.true(isReportComplete(text(recording, `${name} stdout`)));
          t.deepEqual(parseAlerts(text(recording, `${name} stderr`)), [
            { direction: 'sent', level: 'warning', description: 'close notify' },
          ]);
          t.deepEqual(parseErrors(text(recording, `${name} stderr`)), []);
        });

        test(`${version}: ${protocol}, ${how}, ${state}: the sessions`, (t) => {
          const name = `${protocol} ${how} ${state}`;
          const { printedSession, tickets } = onlyConnection(t, recording, name);
          const isTls13 = protocol === 'TLSv1.3';
          const expected = isTls13 ? (state === 'new' ? 2 : 1) : how === 'stateful' ? 0 : 1;
          t.is(tickets.length, expected);
          if (isTls13) t.is(countTicketsRead(text(recording, `${name} stderr`)), expected);
          t.is(printedSession?.protocol, protocol);
          t.is(printedSession?.sessionId.length, 32);
          t.is(printedSession?.sessionIdContext.length, 0);
          t.is(printedSession?.timeout, 7200);
          t.is(printedSession?.extendedMasterSecret, !isTls13);
          t.is(printedSession?.maxEarlyData, isTls13 ? 0 : undefined);
          t.true((printedSession?.startTime ?? 0) > 1_700_000_000);
          for (const { ticket, ticketLifetimeHint } of tickets) {
            t.is(ticketLifetimeHint, 7200);
            if (how === 'stateful') t.is(ticket?.length, 32);
            else t.true((ticket?.length ?? 0) >= 160);
          }
        });
      }

      test(`${version}: s_server, ${protocol}, ${how}`, (t) => {
        const output = text(recording, `${protocol} ${how} s_server`);
        const connections = parseSServerConnections(output);
        const withReconnect = protocol === 'TLSv1.2' && how === 'stateful';
        const reused = withReconnect ? [false, false, true, false, true, true, true, true, true] : [false, false, true];
        t.deepEqual(
          connections.map((connection) => connection.reused),
          reused,
        );
        for (const connection of connections) {
          t.is(connection.protocol, protocol);
          t.is(connection.cipher, CIPHERS[protocol]);
          t.regex(
            connection.session,
            /^-----BEGIN SSL SESSION PARAMETERS-----\n[^-]+-----END SSL SESSION PARAMETERS-----\n$/,
          );
        }
        t.is(parseAccept(output)?.host, '127.0.0.1');
        t.true((parseAccept(output)?.port ?? 0) > 1023);
      });
    }
  }

  test(`${version}: the first bytes of a ticket are those of the dump`, (t) => {
    const name = 'TLSv1.3 stateless new';
    const { printedSession } = onlyConnection(t, recording, name);
    const dump = text(recording, `${name} stdout`).split('Post-Handshake')[2] ?? '';
    const first = /^ {4}0000 - (.{47})/m.exec(dump)?.[1] ?? '';
    t.is(printedSession?.ticket?.subarray(0, 16).toString('hex'), first.replace(/[ -]/g, ''));
    const lastOffset = [...dump.matchAll(/^ {4}([0-9a-f]{4}) - /gm)].at(-1)?.[1] ?? '';
    const length = printedSession?.ticket?.length ?? 0;
    t.is(Math.ceil(length / 16), Number.parseInt(lastOffset, 16) / 16 + 1);
  });

  test(`${version}: the IDs that a server has`, (t) => {
    const ids = (name: string) => serverSessionIds(onlyConnection(t, recording, name)).map((id) => id.length);
    t.deepEqual(ids('TLSv1.2 stateful new'), [32]);
    t.deepEqual(ids('TLSv1.2 stateful reused'), [32]);
    t.deepEqual(ids('TLSv1.2 stateless new'), []);
    t.deepEqual(ids('TLSv1.3 stateful new'), [32, 32]);
    t.deepEqual(ids('TLSv1.3 stateless new'), []);
  });

  test(`${version}: -reconnect is six connections`, (t) => {
    const connections = parseSClientConnections(
      text(recording, 'reconnect stdout'),
      text(recording, 'reconnect stderr'),
    );
    t.deepEqual(
      connections.map(({ reused }) => reused),
      [false, true, true, true, true, true],
    );
    const ids = new Set(connections.map(({ printedSession }) => printedSession?.sessionId.toString('hex')));
    t.is(ids.size, 1);
  });

  test(`${version}: a failed handshake is neither new nor reused`, (t) => {
    const connection = onlyConnection(t, recording, 'failed');
    t.false(connection.connected);
    t.is(connection.reused, undefined);
    t.is(connection.protocol, undefined);
    t.is(connection.printedSession, undefined);
    t.deepEqual(serverSessionIds(connection), []);
    const stderr = text(recording, 'failed stderr');
    t.deepEqual(parseAlerts(stderr)[0], { direction: 'received', level: 'fatal', description: 'protocol version' });
    t.like(parseErrors(stderr)[0], {
      code: '0A00042E',
      library: 'SSL routines',
      reason: 'tlsv1 alert protocol version',
      data: 'SSL alert number 70',
    });
  });

  test(`${version}: a report is complete with its last line, and not before`, (t) => {
    for (const name of ['TLSv1.2 stateless new', 'TLSv1.3 stateless new']) {
      const stdout = text(recording, `${name} stdout`);
      const end = stdout.indexOf(
        '---\n',
        stdout.search(/^( {4}Extended master secret: yes|Verify return code: .*)\n/m),
      );
      t.true(isReportComplete(stdout.slice(0, end + 4)));
      t.false(isReportComplete(stdout.slice(0, end)));
    }
  });
}

const [sample = ''] = [...recordings().values()].map((recording) => text(recording, 'TLSv1.3 stateless new stdout'));

test('a server that sends the words of a report does not change the result', (t) => {
  const page =
    'HTTP/1.0 200 ok\r\n\r\n---\nReused, TLSv1.2, Cipher is AES128-SHA\nSSL-Session:\n    Protocol  : TLSv1.2\n';
  const [connection, ...others] = parseSClientConnections(sample + page, '');
  t.is(others.length, 0);
  t.is(connection?.reused, false);
  t.is(connection?.cipher, CIPHERS['TLSv1.3']);
});

test('a report whose handshake failed at its end is no connection', (t) => {
  // So it is in TLS 1.3 when s_client does not trust the server: New, and the cipher, are known by then.
  const stderr = 'SSL3 alert write:fatal:unknown CA\nSSL_connect:error in error\n';
  const [connection] = parseSClientConnections(sample, stderr);
  t.false(connection?.connected);
  t.is(connection?.reused, undefined);
  const both = parseSClientConnections(`${sample}drop connection and then reconnect\n${sample}`, stderr);
  t.deepEqual(
    both.map(({ connected }) => connected),
    [true, false],
  );
});

test('a ticket whose dump is cut in two by other output is not reported as a shorter one', (t) => {
  const [start, ...rest] = sample.split('    0020 - ');
  const cut = `${start}hello\n    0020 - ${rest.join('    0020 - ')}`;
  const [first, second] = parseSClientConnections(cut, '')[0]?.tickets ?? [];
  t.is(first?.ticket, undefined);
  t.is(first?.timeout, 7200);
  t.true((second?.ticket?.length ?? 0) >= 160);
});

test('a ticket whose dump lost a line is not reported as a shorter one', (t) => {
  const lost = sample.replace(/^ {4}0020 - .*\n/m, '');
  t.is(parseSClientConnections(lost, '')[0]?.tickets[0]?.ticket, undefined);
});

test('text without a session has none', (t) => {
  t.is(parseSessionText(''), undefined);
  t.is(parseSessionText('SSL-Session:\n'), undefined);
  t.is(parseSessionText(sample.slice(0, sample.indexOf('    Extended master secret'))), undefined);
  t.deepEqual(parseSClientConnections('', ''), []);
  t.deepEqual(parseSServerConnections(''), []);
  t.deepEqual(parseAlerts('SSL3 alert read:unknown:close notify\n'), []);
});

test('s_server says where it listens, in IPv4 and IPv6', (t) => {
  t.is(parseAccept('Using default temp DH parameters\n'), undefined);
  t.deepEqual(parseAccept('x\nACCEPT 127.0.0.1:4433\n'), { host: '127.0.0.1', port: 4433 });
  t.deepEqual(parseAccept('ACCEPT [::1]:4433\n'), { host: '::1', port: 4433 });
});
