/*
 * The oracle: what libssl itself does with a random sequence of operations on two session caches. One line an
 * operation; driver.ts runs the same sequence through sslctx and must write the same lines. See docs/oracle.md.
 *
 * usage: oracle SEED OPERATIONS
 */
#define OPENSSL_SUPPRESS_DEPRECATED /* the time functions without _ex are in every OpenSSL 3 */
#include <openssl/lhash.h>
#include <openssl/ssl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SLOTS = 48, IDS = 24, CONTEXTS = 2, BASE = 1000000000, MAX_EVENTS = 4096 };

static uint32_t state;
static int context_index;
static int order_index;
static long next_order = 1;
static int re_adding_moves;

static struct {
  SSL_SESSION* session;
  int home; /* the context that it was added to, -1 for none */
} slots[SLOTS];
static SSL_CTX* contexts[CONTEXTS];
static SSL* connections[CONTEXTS];
static int has_callback[CONTEXTS];
static char events[MAX_EVENTS];
static size_t events_length;

static void fail(const char* what) {
  fprintf(stderr, "oracle: %s failed\n", what);
  exit(2);
}

static uint32_t draw(uint32_t below) {
  state ^= state << 13;
  state ^= state >> 17;
  state ^= state << 5;
  return state % below;
}

static unsigned int id_of(const SSL_SESSION* session) {
  unsigned int length;
  return SSL_SESSION_get_id(session, &length)[0];
}

static void on_removed(SSL_CTX* ctx, SSL_SESSION* session) {
  const int context = (int)(intptr_t)SSL_CTX_get_ex_data(ctx, context_index);
  if (events_length < sizeof events - 16) {
    events_length += (size_t)sprintf(events + events_length, " %d:%x:%u", context,
                                     SSL_SESSION_get_protocol_version(session), id_of(session));
  }
}

static void stamp(SSL_SESSION* session) {
  SSL_SESSION_set_ex_data(session, order_index, (void*)(intptr_t)next_order++);
}

static SSL_SESSION* make(int version, unsigned int id, long time, long timeout, const SSL_CIPHER* cipher) {
  unsigned char bytes[32];
  unsigned char key[48];
  SSL_SESSION* session = SSL_SESSION_new();
  if (session == NULL) fail("SSL_SESSION_new");
  memset(bytes, 0x5a, sizeof bytes);
  bytes[0] = (unsigned char)id;
  memset(key, 7, sizeof key);
  SSL_SESSION_set_protocol_version(session, version);
  SSL_SESSION_set1_id(session, bytes, sizeof bytes);
  SSL_SESSION_set_cipher(session, cipher);
  SSL_SESSION_set1_master_key(session, key, sizeof key);
  SSL_SESSION_set_time(session, time);
  SSL_SESSION_set_timeout(session, timeout);
  return session;
}

/* A finished TLS 1.2 connection of the context, for SSL_has_matching_session_id. Anonymous, so without a certificate.
 */
static SSL* connect_to(SSL_CTX* ctx) {
  SSL* server = SSL_new(ctx);
  SSL* client = SSL_new(ctx);
  BIO* up = BIO_new(BIO_s_mem());
  BIO* down = BIO_new(BIO_s_mem());
  int turn;
  BIO_up_ref(up);
  BIO_up_ref(down);
  SSL_set_bio(server, up, down);
  SSL_set_bio(client, down, up);
  SSL_set_accept_state(server);
  SSL_set_connect_state(client);
  for (turn = 0; turn < 10; ++turn) {
    SSL_do_handshake(client);
    SSL_do_handshake(server);
  }
  if (!SSL_is_init_finished(server)) fail("the handshake");
  SSL_free(client);
  return server;
}

struct entry {
  SSL_SESSION* session;
  long expiry;
  long order;
};
struct list {
  struct entry entries[SLOTS * 4];
  size_t count;
};

static void collect(void* session, void* arg) {
  struct list* list = arg;
  struct entry* entry = &list->entries[list->count++];
  entry->session = session;
  entry->expiry = SSL_SESSION_get_time(session) + SSL_SESSION_get_timeout(session);
  entry->order = (long)(intptr_t)SSL_SESSION_get_ex_data(session, order_index);
}

static int latest_first(const void* a, const void* b) {
  const struct entry* left = a;
  const struct entry* right = b;
  if (left->expiry != right->expiry) return left->expiry > right->expiry ? -1 : 1;
  return left->order > right->order ? -1 : left->order < right->order;
}

static uint32_t digest_byte(uint32_t digest, unsigned int byte) { return (digest ^ (byte & 0xff)) * 16777619U; }

static uint32_t digest_session(uint32_t digest, const SSL_SESSION* session) {
  digest = digest_byte(digest, (unsigned int)SSL_SESSION_get_protocol_version(session));
  digest = digest_byte(digest, id_of(session));
  return digest_byte(digest, (unsigned int)SSL_SESSION_is_resumable(session));
}

static uint32_t digest_all(void) {
  uint32_t digest = 2166136261U;
  int i;
  for (i = 0; i < CONTEXTS; ++i) {
    struct list list = {.count = 0};
    size_t j;
    OPENSSL_LH_doall_arg((OPENSSL_LHASH*)SSL_CTX_sessions(contexts[i]), collect, &list);
    qsort(list.entries, list.count, sizeof list.entries[0], latest_first);
    for (j = 0; j < list.count; ++j) digest = digest_session(digest, list.entries[j].session);
    digest = digest_byte(digest, 0xff);
  }
  for (i = 0; i < SLOTS; ++i) {
    if (slots[i].session != NULL) digest = digest_session(digest, slots[i].session);
  }
  return digest;
}

/* Whether adding an object that is in the cache already puts it in front of its equals: OpenSSL versions differ. */
static int ask_whether_re_adding_moves(const SSL_CIPHER* cipher) {
  SSL_CTX* ctx = SSL_CTX_new(TLS_method());
  SSL_SESSION* first = make(TLS1_2_VERSION, 1, BASE, 1, cipher);
  SSL_SESSION* second = make(TLS1_2_VERSION, 2, BASE, 1, cipher);
  int moves;
  SSL_CTX_set_ex_data(ctx, context_index, NULL);
  SSL_CTX_sess_set_remove_cb(ctx, on_removed);
  SSL_CTX_add_session(ctx, first);
  SSL_CTX_add_session(ctx, second);
  SSL_CTX_add_session(ctx, first);
  SSL_CTX_flush_sessions(ctx, 0);
  /* OpenSSL 4.0 tells of what one call removes in the reverse order. */
  moves = strcmp(events, OPENSSL_VERSION_NUMBER < 0x40000000L ? " 0:303:2 0:303:1" : " 0:303:1 0:303:2") == 0;
  events_length = 0;
  SSL_SESSION_free(first);
  SSL_SESSION_free(second);
  SSL_CTX_free(ctx);
  return moves;
}

static void put(int slot, SSL_SESSION* session) {
  SSL_SESSION_free(slots[slot].session);
  slots[slot].session = session;
  slots[slot].home = -1;
}

static long operate(const SSL_CIPHER* cipher) {
  static const long modes[] = {SSL_SESS_CACHE_OFF, SSL_SESS_CACHE_SERVER, SSL_SESS_CACHE_BOTH,
                               SSL_SESS_CACHE_SERVER | SSL_SESS_CACHE_NO_AUTO_CLEAR,
                               SSL_SESS_CACHE_BOTH | SSL_SESS_CACHE_NO_INTERNAL};
  const uint32_t operation = draw(32);
  const int slot = (int)draw(SLOTS);
  const int c = (int)draw(CONTEXTS);
  const uint32_t argument = draw(2000);
  SSL_CTX* ctx = contexts[c];
  SSL_SESSION* session = slots[slot].session;
  if (operation < 5) {
    put(slot, make(argument & 1 ? TLS1_3_VERSION : TLS1_2_VERSION, argument / 2 % IDS, BASE + (long)(argument % 97),
                   (long)(argument % 89), cipher));
    return 0;
  }
  if (operation < 15) {
    int added;
    if (session == NULL || (slots[slot].home != -1 && slots[slot].home != c)) return -1;
    slots[slot].home = c;
    added = SSL_CTX_add_session(ctx, session);
    if (added == 1 || re_adding_moves) stamp(session);
    return added;
  }
  if (operation < 19) return session == NULL ? -1 : SSL_CTX_remove_session(ctx, session);
  if (operation < 21) {
    SSL_SESSION* copy = session == NULL ? NULL : SSL_SESSION_dup(session);
    if (copy == NULL) return -1;
    put((int)(argument % SLOTS), copy);
    return 1;
  }
  if (operation < 23) {
    if (session == NULL) return -1;
    SSL_SESSION_set_time(session, BASE + (long)argument / 10);
    stamp(session);
    return SSL_SESSION_get_time(session);
  }
  if (operation < 25) {
    long set;
    if (session == NULL) return -1;
    set = SSL_SESSION_set_timeout(session, (long)argument / 10);
    stamp(session);
    return set;
  }
  if (operation == 25) {
    SSL_CTX_flush_sessions(ctx, argument < 200 ? 0 : BASE + (long)argument / 10);
    return 0;
  }
  if (operation == 26) return SSL_CTX_sess_set_cache_size(ctx, (long)(argument % 40));
  if (operation == 27) return SSL_CTX_set_timeout(ctx, (long)argument);
  if (operation == 28) return SSL_CTX_set_session_cache_mode(ctx, modes[argument % 5]);
  if (operation == 29) {
    has_callback[c] = argument % 4 != 0;
    SSL_CTX_sess_set_remove_cb(ctx, has_callback[c] ? on_removed : NULL);
    return has_callback[c];
  }
  if (operation == 30) {
    unsigned char id[32];
    memset(id, 0x5a, sizeof id);
    id[0] = (unsigned char)(argument % IDS);
    return SSL_has_matching_session_id(connections[c], id, sizeof id);
  }
  put(slot, NULL);
  return 0;
}

int main(int argc, char** argv) {
  const SSL_CIPHER* cipher;
  long operation;
  long operations;
  int i;
  if (argc != 3) {
    fprintf(stderr, "usage: oracle SEED OPERATIONS\n");
    return 2;
  }
  state = (uint32_t)strtoul(argv[1], NULL, 10);
  operations = strtol(argv[2], NULL, 10);
  context_index = SSL_CTX_get_ex_new_index(0, NULL, NULL, NULL, NULL);
  order_index = SSL_SESSION_get_ex_new_index(0, NULL, NULL, NULL, NULL);
  for (i = 0; i < CONTEXTS; ++i) {
    SSL_CTX* ctx = contexts[i] = SSL_CTX_new(TLS_method());
    if (ctx == NULL) fail("SSL_CTX_new");
    SSL_CTX_set_ex_data(ctx, context_index, (void*)(intptr_t)i);
    SSL_CTX_set_max_proto_version(ctx, TLS1_2_VERSION);
    if (SSL_CTX_set_cipher_list(ctx, "ADH-AES128-GCM-SHA256:@SECLEVEL=0") != 1) fail("SSL_CTX_set_cipher_list");
    SSL_CTX_set_dh_auto(ctx, 1);
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
    connections[i] = connect_to(ctx);
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_SERVER);
    SSL_CTX_sess_set_cache_size(ctx, 20);
  }
  cipher = SSL_get_current_cipher(connections[0]);
  re_adding_moves = ask_whether_re_adding_moves(cipher);
  for (i = 0; i < SLOTS; ++i) slots[i].home = -1;
  for (operation = 0; operation < operations; ++operation) {
    long result;
    events_length = 0;
    events[0] = '\0';
    result = operate(cipher);
    printf("%ld %08x", result, (unsigned int)digest_all());
    for (i = 0; i < CONTEXTS; ++i) {
      printf(" %ld/%ld/%ld/%ld/%ld/%ld", (long)SSL_CTX_sess_number(contexts[i]),
             (long)SSL_CTX_sess_cache_full(contexts[i]), (long)SSL_CTX_sess_hits(contexts[i]),
             (long)SSL_CTX_sess_misses(contexts[i]), (long)SSL_CTX_sess_timeouts(contexts[i]),
             (long)SSL_CTX_sess_accept_good(contexts[i]));
    }
    printf("%s\n", events);
  }
  for (i = 0; i < SLOTS; ++i) SSL_SESSION_free(slots[i].session);
  for (i = 0; i < CONTEXTS; ++i) {
    SSL_free(connections[i]);
    SSL_CTX_free(contexts[i]);
  }
  return 0;
}
