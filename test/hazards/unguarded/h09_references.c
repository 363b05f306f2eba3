// H9: who owns the session in the new and get callbacks.
// Argument: new (frees the session and returns 0), get (returns a session that it does not own, with *copy = 0).
#include "pair.h"

static SSL_SESSION* stored;

static int on_new(SSL* ssl, SSL_SESSION* session) {
  (void)ssl;
  SSL_SESSION_free(session);
  return 0;
}

static SSL_SESSION* on_get(SSL* ssl, const unsigned char* id, int length, int* copy) {
  (void)ssl;
  (void)id;
  (void)length;
  *copy = 0;
  return stored;
}

int main(int argc, char** argv) {
  limit(5, 50);
  SSL_CTX* sctx = new_server_context(TLS1_2_VERSION);
  SSL_CTX* cctx = new_client_context(TLS1_2_VERSION);
  SSL_CTX_set_options(sctx, SSL_OP_NO_TICKET);
  SSL_CTX_set_session_cache_mode(sctx, SSL_SESS_CACHE_SERVER | SSL_SESS_CACHE_NO_INTERNAL);
  const int get = argc > 1 && strcmp(argv[1], "get") == 0;
  if (get) {
    SSL_CTX_sess_set_get_cb(sctx, on_get);
  } else {
    SSL_CTX_sess_set_new_cb(sctx, on_new);
  }
  Pair pair = new_pair(sctx, cctx);
  REQUIRE(handshake(pair));
  // After "new", freed: MALLOC_PERTURB_ has overwritten it.
  say("intact", SSL_SESSION_get_protocol_version(SSL_get_session(pair.server)) == TLS1_2_VERSION);
  SSL_SESSION* session = SSL_get1_session(pair.client);
  stored = SSL_get1_session(pair.server);
  shut_down(pair);
  int reused = 0;
  for (int i = 0; i < 3; i++) {
    pair = new_pair(sctx, cctx);
    REQUIRE(SSL_set_session(pair.client, session) == 1);
    reused += handshake(pair) && SSL_session_reused(pair.server);
    shut_down(pair);  // gives back what the callback did not own
  }
  say("reused", reused);
  return 0;
}
