// H12: numbers that libssl takes without a word.
#include "pair.h"

int main(void) {
  limit(20, 50);
  SSL_CTX* ctx = new_server_context(TLS1_3_VERSION);
  SSL_CTX_set_session_cache_mode(ctx, 0x100000002L);
  say("mode", SSL_CTX_get_session_cache_mode(ctx));
  SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_SERVER);
  SSL_CTX_sess_set_cache_size(ctx, 100);
  say("negativeSize", SSL_CTX_sess_set_cache_size(ctx, -1));
  say("size", SSL_CTX_sess_get_cache_size(ctx));
  SSL_SESSION* session = new_session(1, TLS1_2_VERSION);
  say("time", SSL_SESSION_set_time(session, -1) == -1 ? SSL_SESSION_get_time(session) : -2);
  SSL_CTX_set_num_tickets(ctx, 2000);
  Pair pair = new_pair(ctx, new_client_context(TLS1_3_VERSION));
  int done = 0;
  for (int turn = 0; turn < 4 && done != 1; turn++) {
    SSL_do_handshake(pair.client);
    done = SSL_do_handshake(pair.server);
  }
  say("ticketBytes", (long)BIO_ctrl_pending(SSL_get_wbio(pair.server)));
  return 0;
}
