// H1: one session object in the caches of two contexts. The links of a cache's list are inside of the session.
#include "pair.h"

int main(void) {
  limit(1, 50);
  SSL_CTX* first = SSL_CTX_new(TLS_method());
  SSL_CTX* second = SSL_CTX_new(TLS_method());
  SSL_SESSION* session = new_session(1, TLS1_2_VERSION);
  say("first", SSL_CTX_add_session(first, session));
  say("second", SSL_CTX_add_session(second, session));
  SSL_CTX_flush_sessions(first, 0);  // never returns
  say("flushed", SSL_CTX_sess_number(first));
  return 0;
}
