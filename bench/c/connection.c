#include "connection.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common.h"

// A download gives way to the other connections after so many writes.
enum { WRITES_PER_TURN = 4 };

struct Connection {
  SSL* ssl;
  Service service;
  int is_secure;
  uint32_t watched;
  // What an echo could not write yet.
  char* unsent;
  int unsent_length;
};

typedef enum { GO_ON, WAIT, OVER } Outcome;

static char buffer[BULK_SIZE];

Connection* open_connection(SSL_CTX* ctx, int fd, Service service) {
  Connection* connection = calloc(1, sizeof *connection);
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  connection->ssl = SSL_new(ctx);
  if (connection->ssl == NULL || SSL_set_fd(connection->ssl, fd) != 1) fail("SSL_new");
  SSL_set_accept_state(connection->ssl);
  connection->service = service;
  connection->watched = EPOLLIN;
  return connection;
}

static void end(Connection* connection) {
  close(SSL_get_fd(connection->ssl));
  SSL_free(connection->ssl);
  free(connection->unsent);
  free(connection);
}

static Outcome outcome_of(const Connection* connection, int result) {
  if (result > 0) return GO_ON;
  const int error = SSL_get_error(connection->ssl, result);
  return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE ? WAIT : OVER;
}

static Outcome echo(Connection* connection, const char* bytes, int length) {
  if (length == 0) return GO_ON;
  const int written = SSL_write(connection->ssl, bytes, length);
  if (written == length) return GO_ON;
  const Outcome outcome = outcome_of(connection, written);
  if (outcome == OVER) return OVER;
  const int done = written > 0 ? written : 0;
  char* rest = malloc((size_t)(length - done));
  memcpy(rest, bytes + done, (size_t)(length - done));
  free(connection->unsent);
  connection->unsent = rest;
  connection->unsent_length = length - done;
  return WAIT;
}

static Outcome echo_unsent(Connection* connection) {
  char* bytes = connection->unsent;
  const int length = connection->unsent_length;
  connection->unsent = NULL;
  connection->unsent_length = 0;
  const Outcome outcome = echo(connection, bytes, length);
  free(bytes);
  return outcome;
}

// Only as much as was read: the line and what follows it come in one piece, or the line comes alone.
static Outcome take_first_line(Connection* connection, int length) {
  const char* newline = memchr(buffer, '\n', (size_t)length);
  if (newline == NULL) return OVER;
  const int rest = length - (int)(newline + 1 - buffer);
  if (buffer[0] == 'd') connection->service = DOWNLOAD;
  if (buffer[0] == 'u') connection->service = UPLOAD;
  if (buffer[0] == 'e') connection->service = ECHO;
  return connection->service == ECHO ? echo(connection, newline + 1, rest) : GO_ON;
}

static Outcome shake_hands(Connection* connection) {
  const int result = SSL_do_handshake(connection->ssl);
  if (result != 1) return outcome_of(connection, result);
  connection->is_secure = 1;
  // One byte: cannot be too much for a new socket.
  return connection->service == HANDSHAKES ? outcome_of(connection, SSL_write(connection->ssl, "x", 1)) : GO_ON;
}

static Outcome receive(Connection* connection) {
  const int length = SSL_read(connection->ssl, buffer, sizeof buffer);
  const Outcome outcome = outcome_of(connection, length);
  if (outcome == OVER && (SSL_get_shutdown(connection->ssl) & SSL_RECEIVED_SHUTDOWN) != 0)
    SSL_shutdown(connection->ssl);
  if (outcome != GO_ON) return outcome;
  if (connection->service == FIRST_LINE) return take_first_line(connection, length);
  return connection->service == ECHO ? echo(connection, buffer, length) : GO_ON;
}

static Outcome step(Connection* connection) {
  if (!connection->is_secure) return shake_hands(connection);
  if (connection->unsent != NULL) return echo_unsent(connection);
  if (connection->service != DOWNLOAD) return receive(connection);
  return outcome_of(connection, SSL_write(connection->ssl, buffer, sizeof buffer));
}

void drive_connection(int epoll, Connection* connection) {
  Outcome outcome = GO_ON;
  int writes = 0;
  while (outcome == GO_ON && writes < WRITES_PER_TURN) {
    ERR_clear_error();
    outcome = step(connection);
    if (connection->service == DOWNLOAD) writes++;
  }
  if (outcome == OVER) {
    end(connection);
    return;
  }
  const int writes_on = connection->service == DOWNLOAD || connection->unsent != NULL;
  const uint32_t wanted = writes_on ? EPOLLOUT : EPOLLIN;
  if (wanted == connection->watched) return;
  connection->watched = wanted;
  struct epoll_event event = {.events = wanted, .data.ptr = connection};
  if (epoll_ctl(epoll, EPOLL_CTL_MOD, SSL_get_fd(connection->ssl), &event) != 0) fail("epoll_ctl");
}
