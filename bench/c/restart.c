// The limit of a warm restart: the sessions of a cache to DER in memory, and back with one SSL_CTX_add_session loop.
// No file and no encryption.
//
// usage: restart --sessions N
//
// Prints one line of JSON: CPU nanoseconds for each session of a walk through the cache with i2d_SSL_SESSION (`save`),
// of SSL_CTX_add_session (`add`), and of that with d2i_SSL_SESSION before it (`load`); bytes of memory for each.
#include <openssl/lhash.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common.h"
#include "sessions.h"

typedef struct {
  unsigned char* bytes;
  size_t used, size;
  long count;
} Output;

static void encode(void* session, void* arg) {
  Output* out = arg;
  const int length = i2d_SSL_SESSION(session, NULL);
  if (length <= 0 || out->used + sizeof length + (size_t)length > out->size) fail("i2d_SSL_SESSION");
  unsigned char* at = out->bytes + out->used + sizeof length;
  *(int*)(void*)(out->bytes + out->used) = i2d_SSL_SESSION(session, &at);
  // Lengths stay aligned.
  out->used += (sizeof length + (size_t)length + 7) & ~(size_t)7;
  out->count++;
}

static long resident_bytes(void) {
  FILE* statm = fopen("/proc/self/statm", "r");
  long pages = 0;
  if (statm == NULL || fscanf(statm, "%*d %ld", &pages) != 1) fail("/proc/self/statm");
  fclose(statm);
  return pages * sysconf(_SC_PAGESIZE);
}

static SSL_CTX* unlimited(void) {
  SSL_CTX* ctx = SSL_CTX_new(TLS_method());
  if (ctx == NULL) fail("SSL_CTX_new");
  SSL_CTX_sess_set_cache_size(ctx, 0);
  return ctx;
}

int main(int argc, char** argv) {
  const long count = number_option(argc, argv, "--sessions", 1000000);
  enum { DER_SIZE = 256 };
  Output out = {.size = (size_t)count * DER_SIZE};
  out.bytes = malloc(out.size);
  SSL_CTX* old = unlimited();
  fill_cache(old, count);

  double start = own_cpu_seconds();
  OPENSSL_LH_doall_arg((OPENSSL_LHASH*)SSL_CTX_sessions(old), encode, &out);
  const double save = own_cpu_seconds() - start;

  // The old cache stays: the new one takes memory of its own, as in a new process.
  SSL_SESSION** sessions = malloc((size_t)count * sizeof(SSL_SESSION*));
  const long before = resident_bytes();
  const unsigned char* next = out.bytes;
  start = own_cpu_seconds();
  for (long i = 0; i < count; i++) {
    const int length = *(const int*)(const void*)next;
    const unsigned char* at = next + sizeof length;
    sessions[i] = d2i_SSL_SESSION(NULL, &at, length);
    if (sessions[i] == NULL) fail("d2i_SSL_SESSION");
    next += (sizeof length + (size_t)length + 7) & ~(size_t)7;
  }
  const double read = own_cpu_seconds() - start;

  SSL_CTX* ctx = unlimited();
  start = own_cpu_seconds();
  for (long i = 0; i < count; i++) {
    if (SSL_CTX_add_session(ctx, sessions[i]) != 1) fail("SSL_CTX_add_session");
    SSL_SESSION_free(sessions[i]);
  }
  const double add = own_cpu_seconds() - start;
  if (SSL_CTX_sess_number(ctx) != count || out.count != count) fail("the sessions are not all there");
  const double each = 1e9 / (double)count;
  printf("{\"save\":%.1f,\"add\":%.1f,\"load\":%.1f,\"loadBytes\":%.1f}\n", save * each, add * each,
         (read + add) * each, (double)(resident_bytes() - before) / (double)count);
  return 0;
}
