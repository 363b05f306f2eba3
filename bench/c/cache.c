// The calls of a session cache in a plain loop.
//
// usage: cache --sessions N --measure calls|import|memory
//   calls, import  each line on standard input runs one round; its result is one line of JSON, CPU nanoseconds each
//   memory         prints the growth of the resident memory for each session in the cache, in bytes
#include <openssl/lhash.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common.h"
#include "imports.h"
#include "sessions.h"

// Small caches are gone through several times; of large ones, a part is enough for what does not depend on the size.
enum {
  LOOK_UPS_PER_PASS = 100000,
  CALLS_PER_ROUND = 200000,
  DER_PER_ROUND = 20000,
  MODES_PER_ROUND = 1000000,
  DER_SIZE = 512,
  ID_SIZE = 32
};

typedef struct {
  SSL_CTX* ctx;
  SSL_SESSION** sessions;
  unsigned char (*ids)[ID_SIZE];
  long count;
} Cache;

static volatile long sink;

static SSL_CTX* unlimited_cache(void) {
  SSL_CTX* ctx = SSL_CTX_new(TLS_method());
  if (ctx == NULL) fail("SSL_CTX_new");
  SSL_CTX_sess_set_cache_size(ctx, 0);
  return ctx;
}

static void add_all(const Cache* cache) {
  for (long i = 0; i < cache->count; i++) sink += SSL_CTX_add_session(cache->ctx, cache->sessions[i]);
}

static void remove_all(const Cache* cache) {
  for (long i = 0; i < cache->count; i++) sink += SSL_CTX_remove_session(cache->ctx, cache->sessions[i]);
}

// Of a large cache, every tenth or so.
static long look_up_stride(const Cache* cache) {
  return cache->count > LOOK_UPS_PER_PASS ? cache->count / LOOK_UPS_PER_PASS : 1;
}

// As SslContext.hasSession: the ID alone does not tell the version, so the latest is tried first.
static void look_up_some(const Cache* cache) {
  OPENSSL_LHASH* table = (OPENSSL_LHASH*)SSL_CTX_sessions(cache->ctx);
  SSL_SESSION* key = SSL_SESSION_new();
  for (long i = 0; i < cache->count; i += look_up_stride(cache)) {
    SSL_SESSION_set1_id(key, cache->ids[i], ID_SIZE);
    SSL_SESSION_set_protocol_version(key, TLS1_3_VERSION);
    if (OPENSSL_LH_retrieve(table, key) != NULL) fail("look_up_some");
    SSL_SESSION_set_protocol_version(key, TLS1_2_VERSION);
    if (OPENSSL_LH_retrieve(table, key) == NULL) fail("look_up_some");
  }
  SSL_SESSION_free(key);
}

static void visit(void* session) { sink += session != NULL; }

static void walk(const Cache* cache) { OPENSSL_LH_doall((OPENSSL_LHASH*)SSL_CTX_sessions(cache->ctx), visit); }

static double nanoseconds(void (*work)(const Cache*), const Cache* cache) {
  const double start = own_cpu_seconds();
  work(cache);
  return (own_cpu_seconds() - start) * 1e9;
}

static void measure_calls(const Cache* cache) {
  const long passes = cache->count >= CALLS_PER_ROUND ? 1 : CALLS_PER_ROUND / cache->count;
  double add = 0, again = 0, look_up = 0, iterate = 0, take = 0;
  for (long pass = 0; pass < passes; pass++) {
    add += nanoseconds(add_all, cache);
    again += nanoseconds(add_all, cache);
    look_up += nanoseconds(look_up_some, cache) * (double)look_up_stride(cache);
    iterate += nanoseconds(walk, cache);
    take += nanoseconds(remove_all, cache);
  }
  const double calls = (double)(passes * cache->count);
  printf("{\"add\":%.2f,\"addAgain\":%.2f,\"lookUp\":%.2f,\"iterate\":%.2f,\"remove\":%.2f,", add / calls,
         again / calls, look_up / calls, iterate / calls, take / calls);
}

static void measure_der(const Cache* cache) {
  static unsigned char bytes[DER_PER_ROUND][DER_SIZE];
  static int lengths[DER_PER_ROUND];
  double start = own_cpu_seconds();
  for (long i = 0; i < DER_PER_ROUND; i++) {
    unsigned char* end = bytes[i];
    lengths[i] = i2d_SSL_SESSION(cache->sessions[i % cache->count], &end);
  }
  const double encoding = own_cpu_seconds() - start;
  start = own_cpu_seconds();
  for (long i = 0; i < DER_PER_ROUND; i++) {
    const unsigned char* at = bytes[i];
    SSL_SESSION_free(d2i_SSL_SESSION(NULL, &at, lengths[i]));
  }
  const double decoding = own_cpu_seconds() - start;
  printf("\"toDer\":%.2f,\"fromDer\":%.2f,", encoding * 1e9 / DER_PER_ROUND, decoding * 1e9 / DER_PER_ROUND);
}

static void measure_mode(const Cache* cache) {
  const double start = own_cpu_seconds();
  for (long i = 0; i < MODES_PER_ROUND; i++) sink += SSL_CTX_get_session_cache_mode(cache->ctx);
  printf("\"mode\":%.2f}\n", (own_cpu_seconds() - start) * 1e9 / MODES_PER_ROUND);
}

static void serve_calls(long count) {
  Cache cache = {.ctx = unlimited_cache(), .count = count};
  cache.sessions = malloc((size_t)count * sizeof *cache.sessions);
  cache.ids = malloc((size_t)count * sizeof *cache.ids);
  const long now = (long)time(NULL);
  for (long i = 0; i < count; i++) {
    unsigned int length;
    cache.sessions[i] = make_session(now, 7200);
    memcpy(cache.ids[i], SSL_SESSION_get_id(cache.sessions[i], &length), ID_SIZE);
  }
  puts("{\"ready\":1}");
  fflush(stdout);
  for (char line[64]; fgets(line, sizeof line, stdin) != NULL; fflush(stdout)) {
    measure_calls(&cache);
    measure_der(&cache);
    measure_mode(&cache);
  }
}

static long resident_bytes(void) {
  FILE* statm = fopen("/proc/self/statm", "r");
  long pages = 0;
  if (statm == NULL || fscanf(statm, "%*d %ld", &pages) != 1) fail("/proc/self/statm");
  fclose(statm);
  return pages * sysconf(_SC_PAGESIZE);
}

int main(int argc, char** argv) {
  const char* measure = option(argc, argv, "--measure", "calls");
  const long count = number_option(argc, argv, "--sessions", 1000);
  if (strcmp(measure, "calls") == 0) serve_calls(count);
  if (strcmp(measure, "import") == 0) serve_imports(unlimited_cache(), count);
  if (strcmp(measure, "memory") == 0) {
    SSL_CTX* ctx = unlimited_cache();
    // What the library allocates once is no session.
    fill_cache(ctx, 1000);
    const long before = resident_bytes();
    fill_cache(ctx, count);
    printf("{\"bytes\":%.1f}\n", (double)(resident_bytes() - before) / (double)count);
  }
  return 0;
}
