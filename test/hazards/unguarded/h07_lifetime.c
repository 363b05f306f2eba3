// H7: who is still alive when a callback runs. Argument:
// late (the remove callback runs after SSL_CTX_free, from the last SSL_free),
// resurrect (the callback takes a reference to a context that is being freed),
// free (a callback frees the SSL it was called for).
#include "pair.h"

static int context_freed;

static void on_remove_late(SSL_CTX* ctx, SSL_SESSION* session) {
  (void)ctx;
  (void)session;
  say("calledAfterFree", context_freed);
}

static void on_remove_resurrect(SSL_CTX* ctx, SSL_SESSION* session) {
  (void)session;
  say("upRef", SSL_CTX_up_ref(ctx));
  SSL_CTX_free(ctx);
}

static int on_new_free(SSL* ssl, SSL_SESSION* session) {
  (void)session;
  SSL_free(ssl);
  return 0;
}

int main(int argc, char** argv) {
  limit(2, 50);
  const char* what = argc > 1 ? argv[1] : "";
  if (strcmp(what, "free") == 0) {
    SSL_CTX* sctx = new_server_context(TLS1_3_VERSION);
    SSL_CTX_sess_set_new_cb(sctx, on_new_free);
    say("handshake", handshake(new_pair(sctx, new_client_context(TLS1_3_VERSION))));  // never returns
    return 0;
  }
  SSL_CTX* ctx = SSL_CTX_new(TLS_method());
  REQUIRE(SSL_CTX_add_session(ctx, new_session(1, TLS1_2_VERSION)) == 1);
  if (strcmp(what, "late") == 0) {
    SSL_CTX_sess_set_remove_cb(ctx, on_remove_late);
    SSL* ssl = SSL_new(ctx);
    SSL_CTX_free(ctx);
    context_freed = 1;
    SSL_free(ssl);
  } else {
    SSL_CTX_sess_set_remove_cb(ctx, on_remove_resurrect);
    SSL_CTX_free(ctx);  // never returns
    say("freed", 1);
  }
  return 0;
}
