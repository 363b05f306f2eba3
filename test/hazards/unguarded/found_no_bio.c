// SSL_get_error asks the BIO of a connection that has none.
#include "pair.h"

int main(void) {
  limit(5, 50);
  Pair pair = new_pair(new_server_context(TLS1_3_VERSION), new_client_context(TLS1_3_VERSION));
  say("wantRead", SSL_get_error(pair.client, SSL_connect(pair.client)) == SSL_ERROR_WANT_READ);
  SSL_set_bio(pair.client, NULL, NULL);
  SSL_connect(pair.client);
  ERR_clear_error();
  say("error", SSL_get_error(pair.client, SSL_connect(pair.client)));  // never returns
  return 0;
}
