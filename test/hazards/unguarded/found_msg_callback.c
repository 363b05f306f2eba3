// A message callback that takes itself back: before OpenSSL 3.2, libssl asks once whether there is one, and calls it
// twice.
#include "pair.h"

static int headers;

static void on_message(int write, int version, int type, const void* data, size_t length, SSL* ssl, void* arg) {
  (void)version;
  (void)data;
  (void)length;
  (void)arg;
  // ServerHello, change cipher spec, and then the first encrypted record, which has an inner content type as well.
  if (write && type == SSL3_RT_HEADER && ++headers == 3) SSL_set_msg_callback(ssl, NULL);
}

int main(void) {
  limit(5, 50);
  Pair pair = new_pair(new_server_context(TLS1_3_VERSION), new_client_context(TLS1_3_VERSION));
  SSL_set_msg_callback(pair.server, on_message);
  say("begun", 1);
  say("handshake", handshake(pair));  // does not return where libssl does not ask again
  return 0;
}
