// H3: a session without a cipher, from the cache, from a get callback, or as a pre-shared key.
// Argument: cache, get12, get13, psk.
#include "pair.h"

static SSL_SESSION* without_cipher(const unsigned char* id, unsigned length, int version) {
  SSL_SESSION* session = SSL_SESSION_new();
  unsigned char key[48] = {7};
  REQUIRE(session != NULL);
  REQUIRE(SSL_SESSION_set_protocol_version(session, version) == 1);
  REQUIRE(SSL_SESSION_set1_id(session, id, length) == 1);
  REQUIRE(SSL_SESSION_set1_master_key(session, key, sizeof key) == 1);
  return session;
}

static SSL_SESSION* on_get(SSL* ssl, const unsigned char* id, int length, int* copy) {
  (void)copy;
  return without_cipher(id, (unsigned)length, SSL_version(ssl));
}

static int on_psk_use(SSL* ssl, const EVP_MD* md, const unsigned char** id, size_t* length, SSL_SESSION** session) {
  static const unsigned char name[] = "name";
  (void)ssl;
  (void)md;
  *id = name;
  *length = 4;
  *session = without_cipher(name, 4, TLS1_3_VERSION);
  return 1;
}

int main(int argc, char** argv) {
  limit(5, 50);
  const char* what = argc > 1 ? argv[1] : "";
  const int version = strcmp(what, "get13") == 0 || strcmp(what, "psk") == 0 ? TLS1_3_VERSION : TLS1_2_VERSION;
  SSL_CTX* sctx = new_server_context(version);
  SSL_CTX* cctx = new_client_context(version);
  SSL_CTX_set_options(sctx, SSL_OP_NO_TICKET);
  // A session made by hand says that it has no extended master secret: only such a client may resume it.
  SSL_CTX_set_options(cctx, SSL_OP_NO_EXTENDED_MASTER_SECRET);
  if (strcmp(what, "psk") == 0) {
    SSL_CTX_set_psk_use_session_callback(cctx, on_psk_use);
    say("handshake", handshake(new_pair(sctx, cctx)));  // never returns
    return 0;
  }

  Pair pair = new_pair(sctx, cctx);
  REQUIRE(handshake(pair));
  SSL_SESSION* session = SSL_get1_session(pair.client);
  shut_down(pair);
  SSL_CTX_flush_sessions(sctx, 0);
  if (strcmp(what, "cache") == 0) {
    unsigned length;
    const unsigned char* id = SSL_SESSION_get_id(session, &length);
    say("added", SSL_CTX_add_session(sctx, without_cipher(id, length, version)));
  } else {
    SSL_CTX_sess_set_get_cb(sctx, on_get);
  }
  pair = new_pair(sctx, cctx);
  REQUIRE(SSL_set_session(pair.client, session) == 1);
  say("handshake", handshake(pair));  // never returns
  return 0;
}
