// Small messages: 64 bytes there and back, one after the other, on one connection.
//
// usage: echo --port N --tls 1.2|1.3 [--pids N,N] [--seconds 1] [--warmup 0.1]
//
// Prints one line of JSON, the times of a round trip in microseconds.
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>

#include "client.h"
#include "common.h"

enum { MAX_SAMPLES = 1 << 20 };

static double samples[MAX_SAMPLES];

static void round_trip(SSL* ssl) {
  char message[ECHO_SIZE] = {0};
  if (SSL_write(ssl, message, sizeof message) != sizeof message) fail("SSL_write");
  for (int got = 0; got < ECHO_SIZE;) {
    const int result = SSL_read(ssl, message, ECHO_SIZE - got);
    if (result <= 0) fail("SSL_read");
    got += result;
  }
}

static long run_for(SSL* ssl, double seconds) {
  long count = 0;
  double now = wall_seconds();
  const double end = now + seconds;
  while (now < end && count < MAX_SAMPLES) {
    round_trip(ssl);
    const double after = wall_seconds();
    samples[count++] = (after - now) * 1e6;
    now = after;
  }
  return count;
}

int main(int argc, char** argv) {
  const char* pids = option(argc, argv, "--pids", NULL);
  SSL* ssl = connect_blocking(client_context(argc, argv), (int)number_option(argc, argv, "--port", 0));
  if (SSL_write(ssl, "echo\n", 5) != 5) fail("SSL_write");
  run_for(ssl, strtod(option(argc, argv, "--warmup", "0.1"), NULL));

  const double wall = wall_seconds();
  const double own_cpu = own_cpu_seconds();
  const double server_cpu = cpu_seconds_of(pids);
  const long count = run_for(ssl, strtod(option(argc, argv, "--seconds", "1"), NULL));
  const double server_used = cpu_seconds_of(pids) - server_cpu;
  const double seconds = wall_seconds() - wall;
  const double own_used = own_cpu_seconds() - own_cpu;
  const double p50 = percentile(samples, count, 0.5);
  printf("{\"count\":%ld,\"p50\":%.2f,\"p99\":%.2f,", count, p50, percentile(samples, count, 0.99));
  printf("\"seconds\":%.6f,\"clientCpu\":%.6f,\"serverCpu\":%.6f}\n", seconds, own_used, server_used);
  SSL_shutdown(ssl);
  return 0;
}
