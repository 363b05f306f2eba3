// H11: SSL_get_error looks at the thread's error queue before it looks at the connection.
#include "pair.h"

int main(void) {
  limit(5, 50);
  Pair pair = new_pair(new_server_context(TLS1_3_VERSION), new_client_context(TLS1_3_VERSION));
  REQUIRE(handshake(pair));
  char byte;
  ERR_clear_error();
  int result = SSL_read(pair.server, &byte, 1);
  say("idle", SSL_get_error(pair.server, result));
  const unsigned char bytes[] = {0x30, 0x03, 0x02, 0x01, 0x09};
  const unsigned char* end = bytes;
  REQUIRE(d2i_SSL_SESSION(NULL, &end, sizeof bytes) == NULL);
  result = SSL_read(pair.server, &byte, 1);
  say("idleWithStaleError", SSL_get_error(pair.server, result));
  return 0;
}
