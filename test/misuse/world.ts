// Valid arguments: one object of each type, and a cache whose membership can be watched.
import { spawnSync } from 'node:child_process';
import * as capi from '../../src/capi/index.ts';
import { makeCertificate } from '../../src/testing/certificate.ts';
import { bioFrom, createSslConnection, createSslObjects, useCertificate } from '../helpers/pair.ts';
import { anyCipher, makeSession } from '../helpers/session.ts';
import type { Parameter } from './signature.ts';

/** In which state connections are handed to functions. */
export const STATES = [
  'fresh client',
  'fresh server',
  'no role',
  'in the middle',
  'connected client',
  'connected server',
  'closed',
] as const;
export type State = (typeof STATES)[number];

const { cert, key } = makeCertificate();

/** DER: a tag, the length, the contents. */
function der(tag: number, ...contents: Uint8Array[]): Buffer {
  const body = Buffer.concat(contents);
  if (body.length > 127) throw new RangeError('only short lengths are needed here');
  return Buffer.concat([Buffer.from([tag, body.length]), body]);
}

/** An empty revocation list of nobody, whose signature nobody checks. */
function makeCrl(): string {
  const ecdsaWithSha256 = der(0x30, Buffer.from('06082a8648ce3d040302', 'hex'));
  const issuer = der(0x30);
  const now = der(0x17, Buffer.from('240101000000Z'));
  const list = der(0x30, Buffer.from([2, 1, 1]), ecdsaWithSha256, issuer, now);
  const crl = der(0x30, list, ecdsaWithSha256, Buffer.from([3, 1, 0]));
  return `-----BEGIN X509 CRL-----\n${crl.toString('base64')}\n-----END X509 CRL-----\n`;
}

/** The certificate and its key in one file, with the password "password". */
function makePkcs12(): Buffer {
  const made = spawnSync('openssl', ['pkcs12', '-export', '-passout', 'pass:password'], { input: key + cert });
  if (made.status !== 0)
    throw new Error(`openssl pkcs12 failed: is openssl installed? ${made.stderr}`, { cause: made.error });
  return made.stdout;
}

const crl = makeCrl();
const pkcs12 = makePkcs12();

function required<T>(value: T | null | undefined, what: string): T {
  if (value === null || value === undefined) throw new Error(`no ${what}`);
  return value;
}

/** One handle of each type, by the name of its class. */
export interface HandleSet {
  SSL_METHOD: capi.SSL_METHOD;
  SSL_CIPHER: capi.SSL_CIPHER;
  SSL_CTX: capi.SSL_CTX;
  SSL: capi.SSL;
  SSL_SESSION: capi.SSL_SESSION;
  BIO: capi.BIO;
  X509: capi.X509;
  EVP_PKEY: capi.EVP_PKEY;
  X509_STORE: capi.X509_STORE;
  X509_CRL: capi.X509_CRL;
  PKCS12: capi.PKCS12;
}

export class World {
  readonly handles: HandleSet;
  readonly ctx: capi.SSL_CTX;
  /** What is cached in `ctx`. */
  readonly cached: readonly capi.SSL_SESSION[];
  readonly state: State;

  constructor(state: State) {
    this.state = state;
    this.ctx = capi.SSL_CTX_new(capi.TLS_method());
    useCertificate(this.ctx, { cert, key });
    capi.SSL_CTX_set_session_id_context(this.ctx, Buffer.from('world'));
    this.cached = [1, 2, 3, 4, 5].map((id) => makeSession({ id, time: 1_700_000_000 + id, timeout: 2 ** 30 }));
    for (const session of this.cached) capi.SSL_CTX_add_session(this.ctx, session);
    const x509 = required(capi.PEM_read_bio_X509(bioFrom(cert)), 'certificate');
    const ssl = makeConnection(this.ctx, state);
    this.handles = {
      SSL_METHOD: capi.TLS_method(),
      SSL_CIPHER: anyCipher(),
      SSL_CTX: this.ctx,
      SSL: ssl,
      SSL_SESSION: makeSession({ id: 6, time: 1_700_000_000, timeout: 2 ** 30 }),
      BIO: bioFrom('some text\n'),
      X509: x509,
      EVP_PKEY: required(capi.PEM_read_bio_PrivateKey(bioFrom(key)), 'key'),
      X509_STORE: capi.SSL_CTX_get_cert_store(capi.SSL_CTX_new(capi.TLS_method())),
      X509_CRL: required(capi.PEM_read_bio_X509_CRL(bioFrom(crl)), 'revocation list'),
      PKCS12: required(capi.d2i_PKCS12(pkcs12), 'PKCS#12 file'),
    };
    capi.ERR_clear_error();
  }

  /** A value that the function takes. */
  valid({ kind, or, valid }: Parameter): unknown {
    switch (kind) {
      case 'integer':
      case 'string':
      case 'bytes':
      case 'any':
        return valid;
      case 'out':
        return new Uint8Array(64);
      case 'callback':
        return or === 'null' ? null : () => {};
      case 'bio method':
        return capi.BIO_s_mem();
      default:
        return this.handles[kind];
    }
  }
}

function makeConnection(ctx: capi.SSL_CTX, state: State): capi.SSL {
  if (state === 'no role') return capi.SSL_new(ctx);
  const { client, server } = createSslObjects(ctx, ctx);
  if (state === 'fresh client') return client;
  if (state === 'fresh server') return server;
  if (state === 'in the middle') {
    capi.SSL_connect(client);
    capi.SSL_accept(server);
    peers.set(server, client);
    return server;
  }
  if (!createSslConnection({ client, server })) throw new Error('handshake failed');
  peers.set(server, client);
  peers.set(client, server);
  if (state === 'connected client') return client;
  if (state === 'closed') {
    capi.SSL_shutdown(client);
    capi.SSL_shutdown(server);
  }
  // An unclean end would take its session out of the cache in the middle of somebody else's call.
  capi.SSL_set_quiet_shutdown(client, 1);
  return server;
}

/** Keeps the other end of a connection from being collected. */
const peers = new WeakMap<capi.SSL, capi.SSL>();

/** One handle of each type that has been freed; methods and ciphers are static and never are. */
export function freedHandles(): object[] {
  const { SSL_METHOD: _method, SSL_CIPHER: _cipher, ...handles } = new World('connected client').handles;
  capi.SSL_free(handles.SSL);
  capi.SSL_CTX_free(handles.SSL_CTX);
  capi.SSL_SESSION_free(handles.SSL_SESSION);
  capi.BIO_free(handles.BIO);
  capi.X509_free(handles.X509);
  capi.EVP_PKEY_free(handles.EVP_PKEY);
  capi.X509_STORE_free(handles.X509_STORE);
  capi.X509_CRL_free(handles.X509_CRL);
  capi.PKCS12_free(handles.PKCS12);
  return Object.values(handles);
}
