// Opens N connections, shakes hands on each, says nothing, and holds them until its standard input ends.
//
// usage: idle --port N --tls 1.2|1.3 [--connections 2000]
//
// Prints {"connections":N} when all are there.
#include <errno.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "client.h"
#include "common.h"

// As many handshakes at a time.
enum { SLOTS = 16 };

static void start(SSL_CTX* ctx, int epoll, int port, int index) {
  SSL* ssl = SSL_new(ctx);
  const int fd = start_connecting(port, index);
  if (ssl == NULL || SSL_set_fd(ssl, fd) != 1) fail("SSL_set_fd");
  SSL_set_connect_state(ssl);
  watch(epoll, fd, ssl);
}

int main(int argc, char** argv) {
  const int port = (int)number_option(argc, argv, "--port", 0);
  const int count = (int)number_option(argc, argv, "--connections", 2000);
  signal(SIGPIPE, SIG_IGN);
  raise_file_limit();
  SSL_CTX* ctx = client_context(argc, argv);
  const int epoll = epoll_create1(EPOLL_CLOEXEC);
  int started = 0;
  int done = 0;
  while (started < count && started < SLOTS) start(ctx, epoll, port, started++);
  while (done < count) {
    struct epoll_event events[64];
    const int ready = epoll_wait(epoll, events, 64, -1);
    for (int i = 0; i < ready; i++) {
      SSL* ssl = events[i].data.ptr;
      errno = 0;
      // What comes later are tickets: left in the socket.
      if (SSL_is_init_finished(ssl)) continue;
      const int result = SSL_do_handshake(ssl);
      if (result != 1 && !must_wait(ssl, result)) fail("SSL_do_handshake");
      if (result != 1) continue;
      done++;
      if (started < count) start(ctx, epoll, port, started++);
    }
  }
  printf("{\"connections\":%d}\n", count);
  fflush(stdout);
  char byte;
  while (read(STDIN_FILENO, &byte, 1) > 0) continue;
  return 0;
}
