// The certificate store of a context in several threads: libcrypto has a lock for its objects, none for its flags.
import { X509Certificate } from 'node:crypto';
import test from 'ava';
import * as capi from '../../src/capi/index.ts';
import { contextHandle } from '../../src/context.ts';
import { SslContext } from '../../src/index.ts';
import { makeCertificate } from '../../src/testing/certificate.ts';
import { certificate, clientContext, close, connect, serverContext } from '../helpers/classes.ts';
import { Thread } from './worker.ts';

// Since OpenSSL 3.6 a certificate that is trusted itself needs no revocation list.
const authority = makeCertificate({ isCa: true });
const issued = makeCertificate({ issuer: authority });
const trusting = (): SslContext => new SslContext({ ca: authority.cert });
const serving = (): SslContext => serverContext('TLSv1.3', { cert: issued.cert, key: issued.key });

const shared = { code: 'ERR_SSLCTX_SHARED' };

function storeOf(context: SslContext): capi.X509_STORE {
  return capi.SSL_CTX_get_cert_store(contextHandle(context));
}

test('flags of a store can be set until its context is shared, by no thread after that', async (t) => {
  const context = trusting();
  const before = storeOf(context);
  t.is(capi.X509_STORE_set_flags(before, capi.X509_V_FLAG_TRUSTED_FIRST), 1);
  const thread = await Thread.with(t, context);
  for (const store of [before, storeOf(context)]) {
    t.throws(() => capi.X509_STORE_set_flags(store, capi.X509_V_FLAG_CRL_CHECK), shared);
  }
  await t.throwsAsync(() => thread.ask('setStoreFlags'), { any: true, ...shared });
  // With the flag there would have to be a revocation list.
  close(connect(serving(), context));
  t.is(capi.X509_STORE_set_flags(storeOf(clientContext()), capi.X509_V_FLAG_CRL_CHECK), 1, 'the store of another one');
});

test('a flag that is set counts', (t) => {
  const context = trusting();
  capi.X509_STORE_set_flags(storeOf(context), capi.X509_V_FLAG_CRL_CHECK);
  t.throws(() => connect(serving(), context), { code: 'ERR_SSL_CERTIFICATE_VERIFY_FAILED' });
});

test('a handle of the store outlives the context of this thread', async (t) => {
  const context = clientContext();
  const store = storeOf(context);
  const thread = await Thread.with(t, context);
  context.free();
  t.throws(() => capi.X509_STORE_set_flags(store, 0), shared);
  await thread.ask('free');
  t.throws(() => capi.X509_STORE_set_flags(store, 0), shared);
  capi.X509_STORE_free(store);
  t.throws(() => capi.X509_STORE_set_flags(store, 0), { code: 'ERR_SSLCTX_FREED' });
});

test('certificates are added at all times, for all threads', async (t) => {
  const context = new SslContext();
  t.throws(() => connect(serverContext('TLSv1.3'), context), { code: 'ERR_SSL_CERTIFICATE_VERIFY_FAILED' });
  const thread = await Thread.with(t, context);
  await thread.ask('trust', new X509Certificate(certificate().cert).raw);
  close(connect(serverContext('TLSv1.3'), context));
});
