// H14: ex_data without a dup function is copied into the sessions that libssl duplicates by itself.
#include "pair.h"

static void on_free(void* parent, void* data, CRYPTO_EX_DATA* ad, int index, long argl, void* argp) {
  (void)parent;
  (void)ad;
  (void)index;
  (void)argl;
  (void)argp;
  free(data);
}

int main(void) {
  limit(5, 50);
  const int index = SSL_SESSION_get_ex_new_index(0, NULL, NULL, NULL, on_free);
  SSL_SESSION* session = new_session(1, TLS1_2_VERSION);
  char* data = malloc(64);
  REQUIRE(SSL_SESSION_set_ex_data(session, index, data) == 1);
  SSL_SESSION* copy = SSL_SESSION_dup(session);
  say("shared", SSL_SESSION_get_ex_data(copy, index) == data);
  SSL_SESSION_free(session);
  SSL_SESSION_free(copy);  // never returns
  say("freed", 1);
  return 0;
}
