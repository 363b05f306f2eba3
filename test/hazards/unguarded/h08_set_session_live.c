// H8: SSL_set_session on a connection that is in use. Argument: 12 or 13.
#include "pair.h"

int main(int argc, char** argv) {
  limit(5, 50);
  const int version = argc > 1 && strcmp(argv[1], "12") == 0 ? TLS1_2_VERSION : TLS1_3_VERSION;
  static const char secret[] = "PLAINTEXT-SECRET";
  Pair pair = new_pair(new_server_context(version), new_client_context(version));
  REQUIRE(handshake(pair));
  REQUIRE(SSL_set_session(pair.client, NULL) == 1);
  say("written", SSL_write(pair.client, secret, sizeof secret - 1));
  char wire[1024];
  const int length = BIO_read(SSL_get_wbio(pair.client), wire, sizeof wire);
  int found = 0;
  for (int i = 0; i + (int)sizeof secret - 1 <= length; i++) found |= memcmp(wire + i, secret, sizeof secret - 1) == 0;
  say("plaintext", found);
  return 0;
}
