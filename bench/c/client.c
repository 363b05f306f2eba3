#include "client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common.h"

SSL_CTX* client_context(int argc, char** argv) {
  SSL_CTX* ctx = SSL_CTX_new(TLS_client_method());
  if (ctx == NULL) fail("SSL_CTX_new");
  restrict_protocol(ctx, option(argc, argv, "--tls", "1.3"));
  SSL_CTX_set_verify(ctx, SSL_VERIFY_NONE, NULL);
  SSL_CTX_set_read_ahead(ctx, 1);
  SSL_CTX_set_mode(ctx, SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  return ctx;
}

static int open_socket(int flags, int port, int source) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | flags, 0);
  if (fd < 0) fail("socket");
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  // Not what the machine has by default: BBR paces by timers, which run wherever the acknowledgement comes in, on loopback
  // in the server. Reno is in each Linux kernel and needs no privilege.
  setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, "reno", 4);
  // The port is chosen by connect(), which may use one again that another destination has.
  setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
  struct sockaddr_in from = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1 + (source % 250))};
  if (bind(fd, (struct sockaddr*)&from, sizeof from) != 0) fail("bind");
  struct sockaddr_in to = {
      .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  if (connect(fd, (struct sockaddr*)&to, sizeof to) != 0 && errno != EINPROGRESS) fail("connect");
  return fd;
}

int start_connecting(int port, int source) { return open_socket(SOCK_NONBLOCK, port, source); }

SSL* connect_blocking(SSL_CTX* ctx, int port) {
  SSL* ssl = SSL_new(ctx);
  if (ssl == NULL || SSL_set_fd(ssl, open_socket(0, port, 0)) != 1) fail("SSL_set_fd");
  if (SSL_connect(ssl) != 1) fail("SSL_connect");
  return ssl;
}

void watch(int epoll, int fd, void* data) {
  struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data.ptr = data};
  if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) != 0) fail("epoll_ctl");
}

int must_wait(const SSL* ssl, int result) {
  const int error = SSL_get_error(ssl, result);
  return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE;
}
