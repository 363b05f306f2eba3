// Sessions made of parts, to fill caches with.
#ifndef SSLCTX_BENCH_SESSIONS_H_
#define SSLCTX_BENCH_SESSIONS_H_

#include <openssl/ssl.h>

// A TLS 1.2 session with a random ID and key. All of one call have the same time: libssl sorts by expiry.
SSL_SESSION* make_session(long time, long timeout);

// Adds `count` of them, and keeps no reference.
void fill_cache(SSL_CTX* ctx, long count);

#endif  // SSLCTX_BENCH_SESSIONS_H_
