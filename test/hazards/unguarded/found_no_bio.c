// SSL_get_error asks the BIO of a connection that has none. With an argument, operations come in between, and fail.
#include "pair.h"

int main(int argc, char** argv) {
  (void)argv;
  limit(5, 50);
  Pair pair = new_pair(new_server_context(TLS1_3_VERSION), new_client_context(TLS1_3_VERSION));
  int result = SSL_connect(pair.client);
  say("wantRead", SSL_get_error(pair.client, result) == SSL_ERROR_WANT_READ);
  SSL_set_bio(pair.client, NULL, NULL);
  if (argc > 1) {
    SSL_connect(pair.client);
    ERR_clear_error();
    result = SSL_connect(pair.client);
  }
  say("error", SSL_get_error(pair.client, result));  // does not return where it asks
  return 0;
}
