// H20: SSL_get_session lends a pointer that a new ticket replaces.
#include "pair.h"

int main(void) {
  limit(5, 50);
  SSL_CTX* sctx = new_server_context(TLS1_3_VERSION);
  Pair pair = new_pair(sctx, new_client_context(TLS1_3_VERSION));
  REQUIRE(handshake(pair));
  SSL_SESSION* borrowed = SSL_get_session(pair.client);
  const int version = SSL_SESSION_get_protocol_version(borrowed);
  REQUIRE(SSL_new_session_ticket(pair.server) == 1 && SSL_do_handshake(pair.server) == 1);
  char byte;
  SSL_read(pair.client, &byte, 1);
  say("before", version == TLS1_3_VERSION);
  say("same", SSL_get_session(pair.client) == borrowed);
  // Freed: MALLOC_PERTURB_ has overwritten it.
  say("after", SSL_SESSION_get_protocol_version(borrowed) == TLS1_3_VERSION);
  return 0;
}
