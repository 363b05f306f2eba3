// H18: the cache hashes the first four bytes of the ID. Says how many entries each bucket of the table holds at most,
// with IDs that begin with random bytes and with IDs that begin with a constant, as SSL_CTX_set_generate_session_id(3)
// shows.
#include <openssl/lhash.h>

#include "pair.h"

enum { ENTRIES = 1000 };

static long longest_bucket(int prefix) {
  SSL_CTX* ctx = SSL_CTX_new(TLS_method());
  SSL_CTX_sess_set_cache_size(ctx, 0);
  for (unsigned i = 0; i < ENTRIES; i++) {
    SSL_SESSION* session = new_session(i, TLS1_2_VERSION);
    unsigned char id[SSL_MAX_SSL_SESSION_ID_LENGTH] = {0};
    memcpy(id + (prefix ? 4 : 0), &i, sizeof i);
    REQUIRE(SSL_SESSION_set1_id(session, id, sizeof id) == 1);
    REQUIRE(SSL_CTX_add_session(ctx, session) == 1);
    SSL_SESSION_free(session);
  }
  BIO* out = BIO_new(BIO_s_mem());
  OPENSSL_LH_node_stats_bio((OPENSSL_LHASH*)SSL_CTX_sessions(ctx), out);
  char line[80];
  long longest = 0;
  while (BIO_gets(out, line, sizeof line) > 0) {
    unsigned bucket;
    long entries;
    if (sscanf(line, "node %u -> %ld", &bucket, &entries) == 2 && entries > longest) longest = entries;
  }
  BIO_free(out);
  SSL_CTX_free(ctx);
  return longest;
}

int main(void) {
  limit(20, 50);
  say("entries", ENTRIES);
  say("randomFirst", longest_bucket(0));
  say("constantFirst", longest_bucket(1));
  return 0;
}
