#include "common.h"

#include <dirent.h>
#include <errno.h>
#include <openssl/err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

void fail(const char* what) {
  fprintf(stderr, "%s failed: %s\n", what, errno != 0 ? strerror(errno) : "no errno");
  ERR_print_errors_fp(stderr);
  exit(1);
}

const char* option(int argc, char** argv, const char* name, const char* fallback) {
  for (int i = 1; i + 1 < argc; i += 2) {
    if (strcmp(argv[i], name) == 0) return argv[i + 1];
  }
  return fallback;
}

long number_option(int argc, char** argv, const char* name, long fallback) {
  const char* text = option(argc, argv, name, NULL);
  return text == NULL ? fallback : strtol(text, NULL, 10);
}

static double seconds_of(clockid_t clock) {
  struct timespec now;
  clock_gettime(clock, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

double wall_seconds(void) { return seconds_of(CLOCK_MONOTONIC); }

double own_cpu_seconds(void) { return seconds_of(CLOCK_PROCESS_CPUTIME_ID); }

static double cpu_seconds_of_one(long pid) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%ld/task", pid);
  DIR* tasks = opendir(path);
  if (tasks == NULL) fail(path);
  double nanoseconds = 0;
  for (struct dirent* task = readdir(tasks); task != NULL; task = readdir(tasks)) {
    if (task->d_name[0] == '.') continue;
    char file[512];
    snprintf(file, sizeof file, "%s/%s/schedstat", path, task->d_name);
    FILE* schedstat = fopen(file, "r");
    unsigned long long on_cpu = 0;
    // A thread may have ended since it was listed.
    if (schedstat == NULL) continue;
    if (fscanf(schedstat, "%llu", &on_cpu) == 1) nanoseconds += (double)on_cpu;
    fclose(schedstat);
  }
  closedir(tasks);
  return nanoseconds / 1e9;
}

double cpu_seconds_of(const char* pids) {
  double sum = 0;
  for (const char* at = pids; at != NULL && *at != '\0';) {
    char* end;
    sum += cpu_seconds_of_one(strtol(at, &end, 10));
    at = *end == ',' ? end + 1 : NULL;
  }
  return sum;
}

static int compare(const void* left, const void* right) {
  const double difference = *(const double*)left - *(const double*)right;
  return (difference > 0) - (difference < 0);
}

double percentile(double* samples, long count, double share) {
  if (count == 0) return 0;
  qsort(samples, (size_t)count, sizeof *samples, compare);
  return samples[(long)((double)count * share)];
}

void raise_file_limit(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) fail("getrlimit");
  limit.rlim_cur = limit.rlim_max;
  if (setrlimit(RLIMIT_NOFILE, &limit) != 0) fail("setrlimit");
}

void restrict_protocol(SSL_CTX* ctx, const char* version) {
  const int number = strcmp(version, "1.2") == 0 ? TLS1_2_VERSION : TLS1_3_VERSION;
  if (SSL_CTX_set_min_proto_version(ctx, number) != 1 || SSL_CTX_set_max_proto_version(ctx, number) != 1 ||
      SSL_CTX_set_cipher_list(ctx, CIPHERS_12) != 1 || SSL_CTX_set_ciphersuites(ctx, CIPHERS_13) != 1 ||
      SSL_CTX_set1_groups_list(ctx, GROUPS) != 1) {
    fail("restrict_protocol");
  }
}
