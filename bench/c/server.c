// The limit: what a server on libssl's own cache costs with nothing around it. One thread, epoll.
//
// usage: server --cert FILE --key FILE --tls 1.2|1.3 [--tickets stateful|stateless] [--serve handshakes|streams]
//   handshakes  writes "x" when the handshake is done, and waits for the end
//   streams     does what the client's first line says: "download", "upload" or "echo"
// [--preload N] sessions in the cache, which has no limit then
//
// Prints its port. Ends with its standard input.
#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common.h"
#include "connection.h"
#include "sessions.h"

static SSL_CTX* server_context(int argc, char** argv) {
  const long preload = number_option(argc, argv, "--preload", 0);
  SSL_CTX* ctx = SSL_CTX_new(TLS_server_method());
  if (ctx == NULL) fail("SSL_CTX_new");
  restrict_protocol(ctx, option(argc, argv, "--tls", "1.3"));
  if (SSL_CTX_use_certificate_chain_file(ctx, option(argc, argv, "--cert", "")) != 1) fail("--cert");
  if (SSL_CTX_use_PrivateKey_file(ctx, option(argc, argv, "--key", ""), SSL_FILETYPE_PEM) != 1) fail("--key");
  SSL_CTX_set_options(ctx, SSL_OP_CIPHER_SERVER_PREFERENCE);
  if (strcmp(option(argc, argv, "--tickets", "stateful"), "stateful") == 0) SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET);
  SSL_CTX_set_mode(ctx, SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_read_ahead(ctx, 1);
  if (preload > 0) {
    SSL_CTX_sess_set_cache_size(ctx, 0);
    fill_cache(ctx, preload);
  }
  return ctx;
}

static int listen_on_loopback(void) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t length = sizeof address;
  if (fd < 0 || bind(fd, (struct sockaddr*)&address, length) != 0 || listen(fd, 511) != 0 ||
      getsockname(fd, (struct sockaddr*)&address, &length) != 0) {
    fail("listen");
  }
  printf("%d\n", ntohs(address.sin_port));
  fflush(stdout);
  return fd;
}

static void accept_all(int epoll, int listener, SSL_CTX* ctx, Service service) {
  for (;;) {
    const int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) return;
    Connection* connection = open_connection(ctx, fd, service);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = connection};
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) != 0) fail("epoll_ctl");
  }
}

int main(int argc, char** argv) {
  const char* serve = option(argc, argv, "--serve", "handshakes");
  const Service service = strcmp(serve, "streams") == 0 ? FIRST_LINE : HANDSHAKES;
  static char listening;
  static char input;
  signal(SIGPIPE, SIG_IGN);
  raise_file_limit();
  SSL_CTX* ctx = server_context(argc, argv);
  const int epoll = epoll_create1(EPOLL_CLOEXEC);
  const int listener = listen_on_loopback();
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = &listening};
  if (epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event) != 0) fail("epoll_ctl");
  event.data.ptr = &input;
  if (epoll_ctl(epoll, EPOLL_CTL_ADD, STDIN_FILENO, &event) != 0) fail("epoll_ctl");
  for (;;) {
    struct epoll_event events[256];
    const int ready = epoll_wait(epoll, events, 256, -1);
    for (int i = 0; i < ready; i++) {
      void* data = events[i].data.ptr;
      if (data == &listening) accept_all(epoll, listener, ctx, service);
      // Nothing is ever said there: it has ended.
      else if (data == &input)
        return 0;
      else
        drive_connection(epoll, data);
    }
  }
}
