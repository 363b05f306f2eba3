// What the C programs of this folder share: options, clocks, errors.
#ifndef SSLCTX_BENCH_COMMON_H_
#define SSLCTX_BENCH_COMMON_H_

#include <openssl/ssl.h>

// The cipher suites and groups of all clients and servers: the same suite and X25519 are always agreed on. TLS 1.2
// takes a P-256 certificate only from who names that curve among the groups.
#define CIPHERS_12 "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256"
#define CIPHERS_13 "TLS_AES_128_GCM_SHA256"
#define GROUPS "X25519:P-256"

enum { BULK_SIZE = 64 * 1024, ECHO_SIZE = 64 };

// Says what failed and why (errno, OpenSSL's queue), and ends the program.
_Noreturn void fail(const char* what);

// The value of `--name value`; for the second one, as a number.
const char* option(int argc, char** argv, const char* name, const char* fallback);
long number_option(int argc, char** argv, const char* name, long fallback);

double wall_seconds(void);
double own_cpu_seconds(void);
// User and system time of all threads of the processes in a list such as "12,13".
double cpu_seconds_of(const char* pids);

// Of times: that which such a share of them does not exceed. Sorts them; 0 when there are none.
double percentile(double* samples, long count, double share);

// As many files as the system lets this process have.
void raise_file_limit(void);

// Sets the versions ("1.2", "1.3"), the cipher suites and the group.
void restrict_protocol(SSL_CTX* ctx, const char* version);

#endif  // SSLCTX_BENCH_COMMON_H_
