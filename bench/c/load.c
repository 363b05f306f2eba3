// The load generator for handshakes: N slots, each of which connects, shakes hands, waits for the server's byte "x",
// exchanges close_notify, closes, and begins again.
//
// usage: load --port N --tls 1.2|1.3 --resume full|id|ticket|rotating [--pids N,N] [--slots 16] [--seconds 1]
//   full      never resumes
//   id        TLS 1.2: always the same session, by its ID
//   ticket    always the same session, by its ticket
//   rotating  always the newest ticket of the slot, each once
// [--warmup 0.1] seconds before the measured ones; more, until each slot has a session to resume
// [--silent 1] the server says nothing: the tickets are waited for, two after a full handshake and one after another
//
// Prints one line of JSON. `serverCpu` is that of the processes in --pids, within the measured seconds; `p50` and `p99` are
// microseconds from the start of a connection to the server's byte.
#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "client.h"
#include "common.h"

enum { MAX_WARM_UPS = 200, MAX_SAMPLES = 1 << 18 };

typedef enum { SHAKING_HANDS, WAITING, CLOSING } Step;

typedef struct {
  SSL* ssl;
  SSL_SESSION* newest;
  Step step;
  int tickets;
  double started;
  long done;
  int index;
} Slot;

typedef struct {
  long count;
  long reused;
  long failures;
  long tickets;
} Counts;

static SSL_CTX* ctx;
static SSL_SESSION* kept;
static Counts counts;
static double samples[MAX_SAMPLES];
static long sample_count;
static int epoll;
static int port;
static int keeps;
static int rotates;
static int is_silent;
static int has_tickets;

static int on_session(SSL* ssl, SSL_SESSION* session) {
  Slot* slot = SSL_get_app_data(ssl);
  slot->tickets++;
  if (keeps && kept == NULL) {
    kept = session;
    // With the bit, libssl would mark a TLS 1.3 session as spent after its first use.
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
    return 1;
  }
  if (!rotates) return 0;
  SSL_SESSION_free(slot->newest);
  slot->newest = session;
  return 1;
}

static void start(Slot* slot) {
  slot->ssl = SSL_new(ctx);
  if (slot->ssl == NULL) fail("SSL_new");
  slot->step = SHAKING_HANDS;
  slot->tickets = 0;
  slot->started = wall_seconds();
  SSL_set_app_data(slot->ssl, slot);
  SSL_SESSION* session = rotates ? slot->newest : kept;
  if (session != NULL && SSL_set_session(slot->ssl, session) != 1) fail("SSL_set_session");
  if (rotates) {
    SSL_SESSION_free(slot->newest);
    slot->newest = NULL;
  }
  const int fd = start_connecting(port, slot->index);
  if (SSL_set_fd(slot->ssl, fd) != 1) fail("SSL_set_fd");
  SSL_set_connect_state(slot->ssl);
  watch(epoll, fd, slot);
}

static void stop(Slot* slot) {
  close(SSL_get_fd(slot->ssl));
  SSL_free(slot->ssl);
  ERR_clear_error();
}

static void take_time(const Slot* slot) {
  if (sample_count < MAX_SAMPLES) samples[sample_count++] = (wall_seconds() - slot->started) * 1e6;
}

static void report_failure(const Slot* slot, int result) {
  if (counts.failures++ > 0) return;
  const int system_error = errno;
  fprintf(stderr, "step %d: SSL_get_error %d, errno %d\n", slot->step, SSL_get_error(slot->ssl, result), system_error);
  ERR_print_errors_fp(stderr);
}

static int has_heard_all(const Slot* slot, int result) {
  if (!is_silent) return result > 0;
  return slot->tickets >= (has_tickets ? (SSL_session_reused(slot->ssl) ? 1 : 2) : 0);
}

// One step on; the result of the SSL function, and whether the step is done.
static int advance(Slot* slot, int* is_done) {
  char buffer[256];
  int result;
  switch (slot->step) {
    case SHAKING_HANDS:
      result = SSL_do_handshake(slot->ssl);
      *is_done = result == 1;
      return result;
    case WAITING:
      result = is_silent && has_heard_all(slot, 0) ? 1 : SSL_read(slot->ssl, buffer, sizeof buffer);
      *is_done = has_heard_all(slot, result);
      if (*is_done) {
        take_time(slot);
        SSL_shutdown(slot->ssl);
      }
      return result;
    default:
      result = SSL_read(slot->ssl, buffer, sizeof buffer);
      // close_notify is what should come. A server that is rude at this point has done all its work, too.
      *is_done = result <= 0 && !must_wait(slot->ssl, result);
      return result;
  }
}

// Goes on until the socket is not ready; begins anew when the connection is over.
static void drive(Slot* slot) {
  for (;;) {
    int is_done;
    ERR_clear_error();
    errno = 0;
    const int result = advance(slot, &is_done);
    if (is_done && slot->step != CLOSING) {
      slot->step++;
      continue;
    }
    if (!is_done && result > 0) continue;
    if (!is_done && must_wait(slot->ssl, result)) return;
    if (is_done) {
      slot->done++;
      counts.count++;
      counts.reused += SSL_session_reused(slot->ssl);
      counts.tickets += slot->tickets;
    } else {
      report_failure(slot, result);
    }
    stop(slot);
    start(slot);
    return;
  }
}

static void run_for(double seconds) {
  struct epoll_event events[64];
  const double end = wall_seconds() + seconds;
  while (wall_seconds() < end) {
    const int ready = epoll_wait(epoll, events, 64, 50);
    for (int i = 0; i < ready; i++) drive(events[i].data.ptr);
  }
}

static int is_warm(const Slot* slots, int count) {
  for (int i = 0; i < count; i++) {
    // What is measured begins with connections that were started when there was a session.
    if (slots[i].done < 2) return 0;
  }
  return 1;
}

int main(int argc, char** argv) {
  const char* resume = option(argc, argv, "--resume", "full");
  const char* pids = option(argc, argv, "--pids", NULL);
  const int slots = (int)number_option(argc, argv, "--slots", 16);
  port = (int)number_option(argc, argv, "--port", 0);
  is_silent = (int)number_option(argc, argv, "--silent", 0);
  has_tickets = strcmp(option(argc, argv, "--tls", "1.3"), "1.3") == 0;
  rotates = strcmp(resume, "rotating") == 0;
  keeps = strcmp(resume, "id") == 0 || strcmp(resume, "ticket") == 0;
  signal(SIGPIPE, SIG_IGN);
  raise_file_limit();
  ctx = client_context(argc, argv);
  if (strcmp(resume, "id") == 0) SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET);
  SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(ctx, on_session);

  epoll = epoll_create1(EPOLL_CLOEXEC);
  Slot* all = calloc((size_t)slots, sizeof *all);
  for (int i = 0; i < slots; i++) {
    all[i].index = i;
    start(&all[i]);
  }
  run_for(strtod(option(argc, argv, "--warmup", "0.1"), NULL));
  // A server that does not answer ends this, too.
  for (int i = 0; i < MAX_WARM_UPS && !is_warm(all, slots); i++) run_for(0.05);

  memset(&counts, 0, sizeof counts);
  sample_count = 0;
  const double wall = wall_seconds();
  const double own_cpu = own_cpu_seconds();
  const double server_cpu = cpu_seconds_of(pids);
  run_for(strtod(option(argc, argv, "--seconds", "1"), NULL));
  const double server_used = cpu_seconds_of(pids) - server_cpu;
  const double own_used = own_cpu_seconds() - own_cpu;
  printf("{\"count\":%ld,\"reused\":%ld,\"failures\":%ld,\"tickets\":%ld,\"seconds\":%.6f,", counts.count,
         counts.reused, counts.failures, counts.tickets, wall_seconds() - wall);
  const double p50 = percentile(samples, sample_count, 0.5);
  printf("\"p50\":%.1f,\"p99\":%.1f,", p50, percentile(samples, sample_count, 0.99));
  printf("\"clientCpu\":%.6f,\"serverCpu\":%.6f}\n", own_used, server_used);
  return 0;
}
