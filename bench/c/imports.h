// Sessions with random lifetimes, into an empty cache: sorted by expiry, as libssl's list wants them.
#ifndef SSLCTX_BENCH_IMPORTS_H_
#define SSLCTX_BENCH_IMPORTS_H_

#include <openssl/ssl.h>

// Each line on standard input runs one round: from DER, and from sessions that are there.
void serve_imports(SSL_CTX* ctx, long count);

#endif  // SSLCTX_BENCH_IMPORTS_H_
