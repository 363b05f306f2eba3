// The load generator for bulk data: K connections in one direction, 64 KiB a write.
//
// usage: bulk --port N --tls 1.2|1.3 --direction download|upload [--pids N,N] [--connections 2] [--seconds 1]
// [--warmup 0.1] seconds before the measured ones
//
// Prints one line of JSON. `serverCpu` is that of the processes in --pids, within the measured seconds.
#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "client.h"
#include "common.h"

// No connection may keep the others waiting.
enum { CALLS_PER_TURN = 16 };

typedef struct {
  SSL* ssl;
  int has_said_what;
  // Edge-triggered: the socket may still be ready, and nothing would say so again.
  int is_ready;
} Stream;

static char buffer[BULK_SIZE];
static double bytes;
static int uploads;

static int step(Stream* stream) {
  if (!SSL_is_init_finished(stream->ssl)) return SSL_do_handshake(stream->ssl);
  if (!stream->has_said_what) {
    const char* line = uploads ? "upload\n" : "download\n";
    const int result = SSL_write(stream->ssl, line, (int)strlen(line));
    stream->has_said_what = result > 0;
    return result;
  }
  const int result =
      uploads ? SSL_write(stream->ssl, buffer, sizeof buffer) : SSL_read(stream->ssl, buffer, sizeof buffer);
  if (result > 0) bytes += result;
  return result;
}

static void drive(Stream* stream) {
  for (int calls = 0; calls < CALLS_PER_TURN; calls++) {
    ERR_clear_error();
    errno = 0;
    const int result = step(stream);
    if (result > 0) continue;
    if (!must_wait(stream->ssl, result)) fail("the connection");
    stream->is_ready = 0;
    return;
  }
}

static void run_for(double seconds, int epoll, Stream* all, int count) {
  struct epoll_event events[64];
  const double end = wall_seconds() + seconds;
  while (wall_seconds() < end) {
    int any_ready = 0;
    for (int i = 0; i < count; i++) any_ready |= all[i].is_ready;
    const int ready = epoll_wait(epoll, events, 64, any_ready ? 0 : 50);
    for (int i = 0; i < ready; i++) ((Stream*)events[i].data.ptr)->is_ready = 1;
    for (int i = 0; i < count; i++) {
      if (all[i].is_ready) drive(&all[i]);
    }
  }
}

int main(int argc, char** argv) {
  const char* pids = option(argc, argv, "--pids", NULL);
  const int count = (int)number_option(argc, argv, "--connections", 2);
  uploads = strcmp(option(argc, argv, "--direction", "download"), "upload") == 0;
  signal(SIGPIPE, SIG_IGN);
  SSL_CTX* ctx = client_context(argc, argv);
  const int epoll = epoll_create1(EPOLL_CLOEXEC);
  Stream* all = calloc((size_t)count, sizeof *all);
  for (int i = 0; i < count; i++) {
    all[i].ssl = SSL_new(ctx);
    const int fd = start_connecting((int)number_option(argc, argv, "--port", 0), i);
    if (all[i].ssl == NULL || SSL_set_fd(all[i].ssl, fd) != 1) fail("SSL_set_fd");
    SSL_set_connect_state(all[i].ssl);
    watch(epoll, fd, &all[i]);
  }
  run_for(strtod(option(argc, argv, "--warmup", "0.1"), NULL), epoll, all, count);

  bytes = 0;
  const double wall = wall_seconds();
  const double own_cpu = own_cpu_seconds();
  const double server_cpu = cpu_seconds_of(pids);
  run_for(strtod(option(argc, argv, "--seconds", "1"), NULL), epoll, all, count);
  const double server_used = cpu_seconds_of(pids) - server_cpu;
  printf("{\"bytes\":%.0f,\"seconds\":%.6f,\"clientCpu\":%.6f,\"serverCpu\":%.6f}\n", bytes, wall_seconds() - wall,
         own_cpu_seconds() - own_cpu, server_used);
  return 0;
}
