#define OPENSSL_SUPPRESS_DEPRECATED  // the time functions without _ex are in every OpenSSL 3
#include "sessions.h"

#include <openssl/rand.h>
#include <time.h>

#include "common.h"

static const SSL_CIPHER* any_cipher(void) {
  static const SSL_CIPHER* cipher;
  if (cipher == NULL) {
    SSL_CTX* ctx = SSL_CTX_new(TLS_method());
    if (ctx == NULL || SSL_CTX_set_cipher_list(ctx, "ECDHE-RSA-AES128-GCM-SHA256") != 1) fail("any_cipher");
    STACK_OF(SSL_CIPHER)* ciphers = SSL_CTX_get_ciphers(ctx);
    // The suites of TLS 1.3 come first. Ciphers are static: they outlive the context.
    cipher = sk_SSL_CIPHER_value(ciphers, sk_SSL_CIPHER_num(ciphers) - 1);
    SSL_CTX_free(ctx);
  }
  return cipher;
}

SSL_SESSION* make_session(long time, long timeout) {
  unsigned char id[32];
  unsigned char key[48];
  SSL_SESSION* session = SSL_SESSION_new();
  if (session == NULL || RAND_bytes(id, sizeof id) != 1 || RAND_bytes(key, sizeof key) != 1 ||
      SSL_SESSION_set_protocol_version(session, TLS1_2_VERSION) != 1 ||
      SSL_SESSION_set_cipher(session, any_cipher()) != 1 || SSL_SESSION_set1_id(session, id, sizeof id) != 1 ||
      SSL_SESSION_set1_master_key(session, key, sizeof key) != 1) {
    fail("make_session");
  }
  SSL_SESSION_set_time(session, time);
  SSL_SESSION_set_timeout(session, timeout);
  return session;
}

void fill_cache(SSL_CTX* ctx, long count) {
  const long now = (long)time(NULL);
  for (long i = 0; i < count; i++) {
    SSL_SESSION* session = make_session(now, 7200);
    if (SSL_CTX_add_session(ctx, session) != 1) fail("SSL_CTX_add_session");
    SSL_SESSION_free(session);
  }
}
