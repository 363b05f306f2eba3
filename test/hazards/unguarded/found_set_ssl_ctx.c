// Another context for a connection whose certificate has been chosen: SSL_set_SSL_CTX frees the connection's
// certificates, and libssl goes on with a pointer into them.
#include "pair.h"

static SSL_CTX* other;
static int messages;

static void on_message(int write, int version, int type, const void* data, size_t length, SSL* ssl, void* arg) {
  (void)write;
  (void)version;
  (void)type;
  (void)data;
  (void)length;
  (void)arg;
  // The fifth is after the ServerHello.
  if (++messages == 5) SSL_set_SSL_CTX(ssl, other);
}

int main(void) {
  limit(5, 50);
  SSL_CTX* sctx = new_server_context(TLS1_3_VERSION);
  other = new_server_context(TLS1_3_VERSION);
  Pair pair = new_pair(sctx, new_client_context(TLS1_3_VERSION));
  SSL_set_msg_callback(pair.server, on_message);
  say("handshake", handshake(pair));
  return 0;
}
