// What the clients share: a context, and connections that do not block.
#ifndef SSLCTX_BENCH_CLIENT_H_
#define SSLCTX_BENCH_CLIENT_H_

#include <openssl/ssl.h>

// Takes --tls. Verifies nothing: the client's work is not what is measured.
SSL_CTX* client_context(int argc, char** argv);

// A socket that is being connected to 127.0.0.1. Each `source` is another address of the loopback network, so that
// ports in TIME_WAIT do not run out.
int start_connecting(int port, int source);

// The same, connected, blocking, with TLS.
SSL* connect_blocking(SSL_CTX* ctx, int port);

// Watches a socket for both directions, edge-triggered.
void watch(int epoll, int fd, void* data);

// Whether the result of an SSL function means: go on when the socket is ready.
int must_wait(const SSL* ssl, int result);

#endif  // SSLCTX_BENCH_CLIENT_H_
