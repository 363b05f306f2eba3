// H2: a setter on a session that is in a cache. The hash table finds entries by version and ID.
#include "pair.h"

int main(void) {
  limit(2, 50);
  SSL_CTX* ctx = SSL_CTX_new(TLS_method());
  SSL_SESSION* session = new_session(1, TLS1_2_VERSION);
  say("added", SSL_CTX_add_session(ctx, session));
  const unsigned char other[4] = {9, 9, 9, 9};
  REQUIRE(SSL_SESSION_set1_id(session, other, sizeof other) == 1);
  say("removed", SSL_CTX_remove_session(ctx, session));
  say("number", SSL_CTX_sess_number(ctx));
  // The list lets go of the session and frees it; the hash table still points to it.
  SSL_CTX_flush_sessions(ctx, 0);
  say("numberAfterFlush", SSL_CTX_sess_number(ctx));
  fflush(stdout);
  _exit(0);
}
