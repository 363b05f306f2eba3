// Makes the seeds of the corpus anew, from real handshakes: `node scripts/run.mjs test/fuzz/seeds.ts`. Only what is not
// there yet is written: what fuzzers have found since then is kept.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as capi from '../../src/capi/index.ts';
import { packPayload } from '../../src/store/payload.ts';
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

const corpus = fileURLToPath(new URL('corpus/', import.meta.url));

function write(target: string, name: string, bytes: Uint8Array | string): void {
  const path = join(corpus, target, name);
  mkdirSync(join(corpus, target), { recursive: true });
  if (!existsSync(path)) writeFileSync(path, bytes);
}

function notNull<T>(value: T | null | undefined): T {
  if (value === null || value === undefined) throw new Error('OpenSSL has not given what was asked for');
  return value;
}

/** Expires in 68 years, and so does not change what a seed does. */
const long = 0x7fffffff;

interface Sessions {
  client: capi.SSL_SESSION;
  server: capi.SSL_SESSION;
}

function contexts(version: number, stateful: boolean): ContextPair {
  const pair = createSslCtxPair(version, version);
  useCertificate(pair.cctx, makeCertificate({ client: true }));
  capi.SSL_CTX_set_session_id_context(pair.sctx, Buffer.from('fuzz'));
  capi.SSL_CTX_set_alpn_protos(pair.cctx, Buffer.from('\x02h2\x08http/1.1'));
  capi.SSL_CTX_set_alpn_select_cb(pair.sctx, () => Buffer.from('h2'));
  capi.SSL_CTX_set_timeout(pair.sctx, long);
  capi.SSL_CTX_set_num_tickets(pair.sctx, 1);
  // The key of native/test/fuzz/client_hello.cc.
  capi.SSL_CTX_set_tlsext_ticket_keys(pair.sctx, Buffer.alloc(80, 0x5e));
  if (stateful) capi.SSL_CTX_set_options(pair.sctx, capi.SSL_OP_NO_TICKET);
  return pair;
}

function handshake({ sctx, cctx }: ContextPair): Sessions {
  const served: capi.SSL_SESSION[] = [];
  capi.SSL_CTX_sess_set_new_cb(sctx, (_ssl, session) => {
    served.push(session);
  });
  const objects = createSslObjects(sctx, cctx);
  capi.SSL_set_tlsext_host_name(objects.client, 'localhost');
  if (!createSslConnection(objects)) throw new Error('no handshake');
  const client = notNull(capi.SSL_get1_session(objects.client));
  const server = served.at(-1) ?? notNull(capi.SSL_get1_session(objects.server));
  shutdownSslConnection(objects);
  return { client, server };
}

/** A copy with everything in it that may be in one. */
function rich(session: capi.SSL_SESSION): capi.SSL_SESSION {
  const copy = notNull(capi.SSL_SESSION_dup(session));
  capi.SSL_SESSION_set_timeout(copy, long);
  capi.SSL_SESSION_set1_hostname(copy, 'localhost');
  capi.SSL_SESSION_set1_alpn_selected(copy, Buffer.from('h2'));
  capi.SSL_SESSION_set_max_early_data(copy, 16_384);
  capi.SSL_SESSION_set1_ticket_appdata(copy, Buffer.from('\xa7label', 'latin1'));
  return copy;
}

function der(session: capi.SSL_SESSION): Buffer {
  return notNull(capi.i2d_SSL_SESSION(session));
}

function pem(session: capi.SSL_SESSION): Buffer {
  const out = bioFrom('');
  capi.PEM_write_bio_SSL_SESSION(out, session);
  const text = Buffer.alloc(capi.BIO_ctrl_pending(out));
  capi.BIO_read(out, text);
  return text;
}

function bulk(...sessions: Buffer[]): Buffer {
  return Buffer.concat(
    sessions.flatMap((bytes) => {
      const length = Buffer.alloc(4);
      length.writeUInt32BE(bytes.length);
      return [length, bytes];
    }),
  );
}

/** What a client says first when it has this session. */
function hello(cctx: capi.SSL_CTX, session: capi.SSL_SESSION | undefined): Buffer {
  const ssl = capi.SSL_new(cctx);
  const out = bioFrom('');
  capi.SSL_set_bio(ssl, bioFrom(''), out);
  capi.SSL_set_connect_state(ssl);
  capi.SSL_set_tlsext_host_name(ssl, 'localhost');
  capi.SSL_set_tlsext_status_type(ssl, capi.TLSEXT_STATUSTYPE_ocsp);
  if (session !== undefined) capi.SSL_set_session(ssl, session);
  capi.SSL_do_handshake(ssl);
  const bytes = Buffer.alloc(capi.BIO_ctrl_pending(out));
  capi.BIO_read(out, bytes);
  return bytes;
}

for (const [version, name] of [
  [capi.TLS1_2_VERSION, 'tls12'],
  [capi.TLS1_3_VERSION, 'tls13'],
] as const) {
  for (const stateful of [true, false]) {
    const pair = contexts(version, stateful);
    const { client, server } = handshake(pair);
    const kind = `${name}-${stateful ? 'id' : 'ticket'}`;
    write('session-der', `${kind}-server`, der(rich(server)));
    write('session-der', `${kind}-client`, der(rich(client)));
    write('session-pem', kind, pem(rich(client)));
    write('client-hello', kind, hello(pair.cctx, client));
    const other = rich(server);
    capi.SSL_SESSION_set1_id(other, Buffer.alloc(32, 7));
    capi.SSL_SESSION_set1_id_context(other, Buffer.from('other'));
    const first = der(rich(server));
    write('session-bulk', kind, bulk(first, der(other), first));
  }
}
const either = createSslCtxPair();
write('client-hello', 'first', hello(either.cctx, undefined));
// SSL 2's form: type, version, lengths of suites, ID and challenge.
write(
  'client-hello',
  'ssl2',
  Buffer.from(`802e0103030015000000100000${'2f'}00c02b00c02f00009c00002f0000ff${'5e'.repeat(16)}`, 'hex'),
);

const [client, server] = ['tls13-ticket-client', 'tls12-id-server'].map((name) =>
  readFileSync(join(corpus, 'session-der', name)),
);
if (client === undefined || server === undefined) throw new Error('there are no sessions');
const [sealed, bare] = [Buffer.of(1), Buffer.of(0)];
write('store-entry', 'sealed', Buffer.concat([sealed, packPayload({ label: 'label', der: server })]));
write('store-entry', 'bare', Buffer.concat([bare, packPayload({ der: client })]));
const chunk = bulk(server, client);
write('session-file', 'sealed', Buffer.concat([sealed, Buffer.of(Math.ceil(chunk.length / 16)), chunk]));
write('session-file', 'two-chunks', Buffer.concat([sealed, Buffer.of(0, Math.ceil(chunk.length / 16)), chunk]));
write('session-file', 'bare', Buffer.concat([bare, Buffer.from('sslctx\0\x01', 'latin1'), Buffer.alloc(90, 7)]));
for (const length of [32, 48, 80, 160]) write('ticket-keys', `${length}`, Buffer.alloc(length, 0x5e));
write('cli-session', 'der', client);
write('cli-session', 'pem', readFileSync(join(corpus, 'session-pem', 'tls12-ticket')));
const lines: Readonly<Record<string, string>> = {
  serve: 'serve\n--port\n0\n--tickets\nstateless\n--mode\nserver,no-internal\n--size\n10\n--id-context\nx',
  connect: 'connect\n[::1]:8443\n-n\n3\n--first\n--alpn\nh2,http/1.1\n--min-version\nTLSv1.3',
  probe: 'probe\nlocalhost\n--early\n--http\n--timeout\n1000',
  session: 'session\nverify\nfile\n--connect\nlocalhost:443',
  cache: 'cache\n--socket\npath\nflush\n--at\n1\n--json',
  completion: '__complete\n--\nsession\nconvert\n--to\n',
};
for (const [name, text] of Object.entries(lines)) write('cli-arguments', name, text);
const asks = [
  { method: 'info' },
  { method: 'list', params: { context: 'default', limit: 10 } },
  { method: 'show', params: { id: '5e' } },
  { method: 'watch', params: { removals: true } },
  { method: 'remove', params: { id: '5f'.repeat(32) } },
  { method: 'flush', params: { at: 1, all: false } },
];
const requests = asks.map((ask, id) => `${JSON.stringify({ id, ...ask })}\n`);
for (const [at, text] of requests.entries()) write('control-request', `${asks[at]?.method}`, text);
write('control-request', 'all', requests.join(''));
const greeting = '{"sslctx":"control","version":1,"pid":1}\n';
const answers =
  '{"id":1,"result":{"contexts":[]}}\n{"id":2,"error":{"code":"ERR_SSLCTX_CONTROL_REQUEST","message":"no"}}\n';
write('control-answer', 'greeting', `0${greeting}${answers}`);
write('control-answer', 'answers', `1${answers}`);
write('control-answer', 'events', `1{"event":"newSession","session":{"id":"5e"}}\n${answers}`);
