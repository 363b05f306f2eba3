// H10: a callback that calls back into the connection it was called for, in the middle of a handshake message.
// Arguments: 12 or 13, then handshake, clear, session, write, shutdown.
#include "pair.h"

static const char* what = "";

static int on_new(SSL* ssl, SSL_SESSION* session) {
  (void)session;
  if (strcmp(what, "handshake") == 0) say("inside", SSL_do_handshake(ssl));
  if (strcmp(what, "clear") == 0) say("inside", SSL_clear(ssl));
  if (strcmp(what, "session") == 0) say("inside", SSL_set_session(ssl, NULL));
  if (strcmp(what, "write") == 0) say("inside", SSL_write(ssl, "early", 5));
  if (strcmp(what, "shutdown") == 0) say("inside", SSL_shutdown(ssl));
  return 0;
}

int main(int argc, char** argv) {
  limit(2, 50);
  REQUIRE(argc == 3);
  const int version = strcmp(argv[1], "12") == 0 ? TLS1_2_VERSION : TLS1_3_VERSION;
  what = argv[2];
  SSL_CTX* sctx = new_server_context(version);
  SSL_CTX_set_options(sctx, SSL_OP_NO_TICKET);
  SSL_CTX_sess_set_new_cb(sctx, on_new);
  Pair pair = new_pair(sctx, new_client_context(version));
  say("handshake", handshake(pair));
  say("written", SSL_write(pair.server, "hello", 5));
  char text[5];
  say("read", SSL_read(pair.client, text, sizeof text));
  return 0;
}
