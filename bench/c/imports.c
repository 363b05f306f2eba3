#define OPENSSL_SUPPRESS_DEPRECATED  // the time functions without _ex are in every OpenSSL 3
#include "imports.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "common.h"
#include "sessions.h"

enum { DER_SIZE = 512, LONGEST_TIMEOUT = 1000000 };

typedef struct {
  long expiry;
  SSL_SESSION* session;
} Entry;

static long expiry_of(const SSL_SESSION* session) {
  return SSL_SESSION_get_time(session) + SSL_SESSION_get_timeout(session);
}

static int compare(const void* left, const void* right) {
  const long difference = ((const Entry*)left)->expiry - ((const Entry*)right)->expiry;
  return (difference > 0) - (difference < 0);
}

static void add_sorted(SSL_CTX* ctx, Entry* entries, long count) {
  for (long i = 0; i < count; i++) entries[i].expiry = expiry_of(entries[i].session);
  qsort(entries, (size_t)count, sizeof *entries, compare);
  for (long i = 0; i < count; i++) {
    if (SSL_CTX_add_session(ctx, entries[i].session) != 1) fail("SSL_CTX_add_session");
  }
}

static double import_der(SSL_CTX* ctx, Entry* entries, unsigned char (*bytes)[DER_SIZE], const int* lengths,
                         long count) {
  const double start = own_cpu_seconds();
  for (long i = 0; i < count; i++) {
    const unsigned char* at = bytes[i];
    entries[i].session = d2i_SSL_SESSION(NULL, &at, lengths[i]);
    if (entries[i].session == NULL) fail("d2i_SSL_SESSION");
  }
  add_sorted(ctx, entries, count);
  for (long i = 0; i < count; i++) SSL_SESSION_free(entries[i].session);
  return own_cpu_seconds() - start;
}

static double import_sessions(SSL_CTX* ctx, Entry* entries, SSL_SESSION** sessions, long count) {
  const double start = own_cpu_seconds();
  for (long i = 0; i < count; i++) entries[i].session = sessions[i];
  add_sorted(ctx, entries, count);
  return own_cpu_seconds() - start;
}

void serve_imports(SSL_CTX* ctx, long count) {
  unsigned char(*bytes)[DER_SIZE] = malloc((size_t)count * sizeof *bytes);
  int* lengths = malloc((size_t)count * sizeof *lengths);
  SSL_SESSION** sessions = malloc((size_t)count * sizeof(SSL_SESSION*));
  Entry* entries = malloc((size_t)count * sizeof *entries);
  const long now = (long)time(NULL);
  srandom(1);
  for (long i = 0; i < count; i++) {
    unsigned char* end = bytes[i];
    sessions[i] = make_session(now, 1 + random() % LONGEST_TIMEOUT);
    lengths[i] = i2d_SSL_SESSION(sessions[i], &end);
  }
  puts("{\"ready\":1}");
  fflush(stdout);
  for (char line[64]; fgets(line, sizeof line, stdin) != NULL; fflush(stdout)) {
    const double der = import_der(ctx, entries, bytes, lengths, count);
    SSL_CTX_flush_sessions(ctx, 0);
    const double objects = import_sessions(ctx, entries, sessions, count);
    SSL_CTX_flush_sessions(ctx, 0);
    printf("{\"importDer\":%.2f,\"importSessions\":%.2f}\n", der * 1e9 / (double)count, objects * 1e9 / (double)count);
  }
}
