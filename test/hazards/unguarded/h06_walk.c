// H6: SSL_CTX_sessions gives the live hash table. A visitor that adds sessions moves entries into buckets that the walk
// has left behind.
#include <openssl/lhash.h>

#include "pair.h"

enum { ENTRIES = 2000 };

static SSL_CTX* ctx;
static unsigned next_id = ENTRIES;
static int visited;

static void visit(void* session, void* arg) {
  unsigned length;
  unsigned id;
  (void)arg;
  memcpy(&id, SSL_SESSION_get_id(session, &length), sizeof id);
  if (id >= ENTRIES) return;
  visited++;
  for (int i = 0; i < 3; i++) SSL_CTX_add_session(ctx, new_session(next_id++, TLS1_2_VERSION));
}

int main(void) {
  limit(10, 50);
  ctx = SSL_CTX_new(TLS_method());
  SSL_CTX_sess_set_cache_size(ctx, 0);
  for (unsigned id = 0; id < ENTRIES; id++) SSL_CTX_add_session(ctx, new_session(id, TLS1_2_VERSION));
  OPENSSL_LH_doall_arg((OPENSSL_LHASH*)SSL_CTX_sessions(ctx), visit, NULL);
  say("entries", ENTRIES);
  say("visited", visited);
  return 0;
}
