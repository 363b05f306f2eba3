// One connection of the server: what it does, and when it has to wait.
#ifndef SSLCTX_BENCH_CONNECTION_H_
#define SSLCTX_BENCH_CONNECTION_H_

#include <openssl/ssl.h>

typedef enum { HANDSHAKES, FIRST_LINE, DOWNLOAD, UPLOAD, ECHO } Service;

typedef struct Connection Connection;

Connection* open_connection(SSL_CTX* ctx, int fd, Service service);

// Goes on until the socket is not ready. Frees the connection when it is over.
void drive_connection(int epoll, Connection* connection);

#endif  // SSLCTX_BENCH_CONNECTION_H_
