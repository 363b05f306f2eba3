// H4: the remove callback runs with the context's lock held.
// Argument: reenter (calls the same context), wait (waits for a thread that uses the same context).
#include <pthread.h>

#include "pair.h"

static SSL_SESSION* spare;

static void on_remove_reenter(SSL_CTX* ctx, SSL_SESSION* session) {
  (void)session;
  SSL_CTX_sess_set_remove_cb(ctx, NULL);
  say("addInside", SSL_CTX_add_session(ctx, spare));
}

static void* add_in_thread(void* ctx) {
  SSL_CTX_add_session(ctx, spare);
  return NULL;
}

static void on_remove_wait(SSL_CTX* ctx, SSL_SESSION* session) {
  pthread_t thread;
  (void)session;
  SSL_CTX_sess_set_remove_cb(ctx, NULL);
  REQUIRE(pthread_create(&thread, NULL, add_in_thread, ctx) == 0);
  pthread_join(thread, NULL);  // never returns
}

int main(int argc, char** argv) {
  const int wait = argc > 1 && strcmp(argv[1], "wait") == 0;
  limit(20, wait ? 2 : 50);
  SSL_CTX* ctx = SSL_CTX_new(TLS_method());
  spare = new_session(2, TLS1_2_VERSION);
  SSL_CTX_sess_set_remove_cb(ctx, wait ? on_remove_wait : on_remove_reenter);
  REQUIRE(SSL_CTX_add_session(ctx, new_session(1, TLS1_2_VERSION)) == 1);
  SSL_CTX_flush_sessions(ctx, 0);
  say("number", SSL_CTX_sess_number(ctx));
  return 0;
}
