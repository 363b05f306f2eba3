// H11: what is in the thread's error queue already counts as an answer of the connection. Before OpenSSL 4.0,
// SSL_get_error asks the queue before it asks the connection; 4.0 asks it only for why a connection has failed, and the
// oldest answers.
#include <errno.h>

#include "pair.h"

// What comes of a record that is none.
static int read_garbage(int with_stale_error) {
  Pair pair = new_pair(new_server_context(TLS1_3_VERSION), new_client_context(TLS1_3_VERSION));
  REQUIRE(handshake(pair));
  char byte;
  ERR_clear_error();
  if (with_stale_error) ERR_raise(ERR_LIB_SYS, ENOENT);
  REQUIRE(BIO_puts(SSL_get_rbio(pair.server), "no record") > 0);
  const int result = SSL_read(pair.server, &byte, 1);
  REQUIRE(result < 0);
  return SSL_get_error(pair.server, result);
}

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
  say("garbage", read_garbage(0));
  say("garbageWithStaleError", read_garbage(1));
  return 0;
}
