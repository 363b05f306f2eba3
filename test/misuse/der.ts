// Runs in a child process: mutants of real sessions, read, shown, copied, and used by a client and by a server.
// Arguments: seed, number of mutants, file for the last mutant.
import { strict as assert } from 'node:assert';
import { openSync, writeSync } from 'node:fs';
import * as capi from '../../src/capi/index.ts';
import { makeCertificate } from '../../src/testing/certificate.ts';
import {
  bioFrom,
  type ContextPair,
  createSslConnection,
  createSslCtxPair,
  createSslObjects,
  shutdownSslConnection,
  useCertificate,
} from '../helpers/pair.ts';
import { Random } from '../helpers/random.ts';
import { describe } from './check.ts';
import { mutant, pemMutant } from './mutate.ts';

const [seed = 1, count = 1000] = process.argv.slice(2, 4).map(Number);
const journal = openSync(process.argv[4] ?? '', 'w');
const random = new Random(seed);

/** Both ends of one resumable connection. */
interface Resumable {
  pair: ContextPair;
  stateful: boolean;
  client: Buffer;
  server: Buffer;
}

function derOf(session: capi.SSL_SESSION | null | undefined): Buffer {
  const der = session === null || session === undefined ? null : capi.i2d_SSL_SESSION(session);
  if (der === null) throw new Error('no DER');
  return der;
}

const clientCertificate = makeCertificate({ client: true });

function resumable(version: number, stateful: boolean): Resumable {
  const pair = createSslCtxPair(version, version);
  useCertificate(pair.cctx, clientCertificate);
  // The client's certificate becomes part of the server's session.
  capi.SSL_CTX_set_verify(pair.sctx, capi.SSL_VERIFY_PEER);
  const store = capi.SSL_CTX_get_cert_store(pair.sctx);
  const certificate = capi.PEM_read_bio_X509(bioFrom(clientCertificate.cert));
  assert.ok(certificate !== null && capi.X509_STORE_add_cert(store, certificate) === 1);
  capi.SSL_CTX_set_session_id_context(pair.sctx, Buffer.from('der'));
  if (stateful) capi.SSL_CTX_set_options(pair.sctx, capi.SSL_OP_NO_TICKET);
  capi.SSL_CTX_set_alpn_protos(pair.cctx, Buffer.from('\x02h2'));
  capi.SSL_CTX_set_alpn_select_cb(pair.sctx, () => Buffer.from('h2'));
  capi.SSL_CTX_set_session_ticket_cb(
    pair.sctx,
    (ssl) => {
      const session = capi.SSL_get0_session(ssl);
      return session === null ? 0 : capi.SSL_SESSION_set1_ticket_appdata(session, Buffer.from('application data'));
    },
    null,
  );
  const served: capi.SSL_SESSION[] = [];
  capi.SSL_CTX_sess_set_new_cb(pair.sctx, (_ssl, session) => {
    served.push(session);
  });
  const objects = createSslObjects(pair.sctx, pair.cctx);
  capi.SSL_set_tlsext_host_name(objects.client, 'localhost');
  if (!createSslConnection(objects))
    throw new Error(`handshake failed: ${capi.ERR_error_string(capi.ERR_get_error())}`);
  const client = derOf(capi.SSL_get1_session(objects.client));
  // A stateless server has nothing to report; then its current session serves.
  const server = derOf(served.at(-1) ?? capi.SSL_get1_session(objects.server));
  shutdownSslConnection(objects);
  capi.SSL_CTX_sess_set_new_cb(pair.sctx, null);
  capi.SSL_CTX_flush_sessions(pair.sctx, 0);
  return { pair, stateful, client, server };
}

const SOURCES = [
  resumable(capi.TLS1_2_VERSION, true),
  resumable(capi.TLS1_2_VERSION, false),
  resumable(capi.TLS1_3_VERSION, true),
  resumable(capi.TLS1_3_VERSION, false),
];
const SEEDS = SOURCES.flatMap(({ client, server }) => [client, server]);

const counts = { accepted: 0, handshakes: 0, resumed: 0 };
const problems: string[] = [];

/** Everything that reads a session. */
function show(session: capi.SSL_SESSION): void {
  for (const [name, value] of Object.entries(capi)) {
    if (typeof value === 'function' && /^SSL_SESSION_(get|has|is)/.test(name))
      Reflect.apply(value, undefined, [session]);
  }
  const out = bioFrom('');
  capi.SSL_SESSION_print(out, session);
  capi.SSL_SESSION_print_keylog(out, session);
  capi.PEM_write_bio_SSL_SESSION(out, session);
}

/** Writing what was read, and reading that, must come to a rest. */
function roundTrip(session: capi.SSL_SESSION): void {
  const der = derOf(session);
  const again = capi.d2i_SSL_SESSION(der);
  assert.ok(again !== null, 'what i2d wrote is not read');
  assert.deepEqual(derOf(again), der);
  // A copy leaves out the lifetime hint of a ticket that is not there.
  // And libssl cannot copy a session whose ALPN field, or application data of the ticket, is there and empty.
  const copy = capi.SSL_SESSION_dup(session);
  const isCopied = copy === null || capi.d2i_SSL_SESSION(derOf(copy)) !== null;
  assert.ok(isCopied, 'a copy cannot be read');
  const empty = [capi.SSL_SESSION_get0_alpn_selected(session), capi.SSL_SESSION_get0_ticket_appdata(session)];
  assert.ok(copy !== null || empty.some((bytes) => bytes?.length === 0), 'a copy cannot be made');
  capi.SSL_SESSION_free(again);
}

function connect(pair: ContextPair, offered: capi.SSL_SESSION): void {
  const objects = createSslObjects(pair.sctx, pair.cctx);
  try {
    capi.SSL_set_session(objects.client, offered);
    counts.handshakes++;
    if (createSslConnection(objects)) counts.resumed += capi.SSL_session_reused(objects.server);
  } finally {
    capi.SSL_free(objects.server);
    capi.SSL_free(objects.client);
    capi.SSL_CTX_sess_set_get_cb(pair.sctx, null);
    capi.SSL_CTX_flush_sessions(pair.sctx, 0);
  }
}

function readAgain(der: Buffer): capi.SSL_SESSION {
  const session = capi.d2i_SSL_SESSION(der);
  if (session === null) throw new Error('not read a second time');
  return session;
}

const USES: readonly ((der: Buffer, source: Resumable) => void)[] = [
  function byTheClient(der, { pair }) {
    connect(pair, readAgain(der));
  },
  function fromTheCache(der, { pair, client }) {
    capi.SSL_CTX_add_session(pair.sctx, readAgain(der));
    connect(pair, readAgain(client));
  },
  function fromTheGetCallback(der, { pair, client }) {
    capi.SSL_CTX_sess_set_get_cb(pair.sctx, () => readAgain(der));
    connect(pair, readAgain(client));
  },
  function asPreSharedKey(der) {
    const pair = createSslCtxPair();
    capi.SSL_CTX_set_psk_find_session_callback(pair.sctx, () => readAgain(der));
    capi.SSL_CTX_set_psk_use_session_callback(pair.cctx, () => ({
      session: readAgain(der),
      identity: Buffer.from('name'),
    }));
    counts.handshakes++;
    createSslConnection(createSslObjects(pair.sctx, pair.cctx));
  },
];

const REFUSALS = new Set([
  'ERR_SSLCTX_SESSION_INCOMPLETE',
  'ERR_INVALID_ARG_VALUE',
  'ERR_SSLCTX_SESSION_FOREIGN',
  'ERR_SSLCTX_STATE',
]);

function attempt(what: string, run: () => void): void {
  try {
    run();
  } catch (error) {
    const refused =
      error instanceof Error && 'code' in error && typeof error.code === 'string' && REFUSALS.has(error.code);
    if (!refused) problems.push(`${what}: ${describe(error)}`);
  }
  capi.ERR_clear_error();
  if (capi.debug.errorQueueDepth() !== 0) problems.push(`${what}: errors were left in OpenSSL's own queue`);
}

function tryDer(der: Buffer, number: number): void {
  const what = `seed ${seed}, mutant ${number}: ${der.toString('hex')}`;
  writeSync(journal, `${what}\n`.padEnd(4000), 0);
  const session = capi.d2i_SSL_SESSION(der);
  if (session === null) return;
  counts.accepted++;
  attempt(what, () => {
    show(session);
    roundTrip(session);
  });
  attempt(what, () => USES[number % USES.length]?.(der, random.of(SOURCES)));
  capi.SSL_SESSION_free(session);
}

function pemOf(der: Buffer): string {
  const out = bioFrom('');
  capi.PEM_write_bio_SSL_SESSION(out, readAgain(der));
  const text = Buffer.alloc(capi.BIO_ctrl_pending(out));
  capi.BIO_read(out, text);
  return text.toString();
}

const PEMS = SEEDS.map(pemOf);

for (let number = 0; number < count; number++) {
  const der = mutant(SEEDS, random);
  tryDer(der, number);
  // The same bytes by the other ways in.
  if (number % 8 === 0) capi.d2i_SSL_SESSION_bio(bioFrom(der));
  if (number % 4 === 0) {
    const pem = pemMutant(random.of(PEMS), random);
    writeSync(journal, `seed ${seed}, PEM ${number}\n`.padEnd(4000), 0);
    const session = capi.PEM_read_bio_SSL_SESSION(bioFrom(pem));
    if (session !== null) attempt(`seed ${seed}, PEM ${number}`, () => show(session));
  }
}

// What was not mutated still resumes.
for (const source of SOURCES) {
  const before = counts.resumed;
  if (source.stateful) capi.SSL_CTX_add_session(source.pair.sctx, readAgain(source.server));
  connect(source.pair, readAgain(source.client));
  if (counts.resumed !== before + 1) problems.push('a session that was not mutated does not resume');
}
console.log(
  JSON.stringify({
    counts: { calls: count, ...counts },
    problems: problems.slice(0, 20),
    more: Math.max(0, problems.length - 20),
  }),
);
