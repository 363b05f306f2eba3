// What the programs here share: two SSL objects joined in memory, and sessions made by hand. Each program calls libssl
// as a binding without guards would let its user do, and shows what libssl then does.
#pragma once

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define REQUIRE(condition)                                            \
  do {                                                                \
    if (!(condition)) {                                               \
      fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
      ERR_print_errors_fp(stderr);                                    \
      exit(99);                                                       \
    }                                                                 \
  } while (0)

// One fact per line, for the test to read.
static inline void say(const char* name, long value) {
  printf("%s=%ld\n", name, value);
  fflush(stdout);
}

// A hang must neither outlive its test nor take the machine's memory. In seconds of processor time, after which SIGXCPU
// ends a loop, and of waiting, after which SIGALRM ends a deadlock.
static inline void limit(unsigned processor, unsigned wall) {
  const struct rlimit cpu = {processor, processor + 1};
  const struct rlimit core = {0, 0};
  setrlimit(RLIMIT_CPU, &cpu);
  setrlimit(RLIMIT_CORE, &core);
  alarm(wall);
}

static inline SSL_CTX* new_context(const SSL_METHOD* method, int version) {
  SSL_CTX* ctx = SSL_CTX_new(method);
  REQUIRE(ctx != NULL);
  SSL_CTX_set_min_proto_version(ctx, version);
  SSL_CTX_set_max_proto_version(ctx, version);
  return ctx;
}

static inline SSL_CTX* new_server_context(int version) {
  SSL_CTX* ctx = new_context(TLS_server_method(), version);
  EVP_PKEY* key = EVP_EC_gen("P-256");
  X509* certificate = X509_new();
  REQUIRE(key != NULL && certificate != NULL);
  X509_set_version(certificate, X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate), -60);
  X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
  X509_NAME* name = X509_NAME_new();
  REQUIRE(name != NULL);
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char*)"localhost", -1, -1, 0);
  X509_set_subject_name(certificate, name);
  X509_set_issuer_name(certificate, name);
  X509_NAME_free(name);
  X509_set_pubkey(certificate, key);
  REQUIRE(X509_sign(certificate, key, EVP_sha256()) > 0);
  REQUIRE(SSL_CTX_use_certificate(ctx, certificate) == 1);
  REQUIRE(SSL_CTX_use_PrivateKey(ctx, key) == 1);
  X509_free(certificate);
  EVP_PKEY_free(key);
  return ctx;
}

static inline SSL_CTX* new_client_context(int version) { return new_context(TLS_client_method(), version); }

typedef struct {
  SSL* server;
  SSL* client;
} Pair;

static inline Pair new_pair(SSL_CTX* server_ctx, SSL_CTX* client_ctx) {
  Pair pair = {SSL_new(server_ctx), SSL_new(client_ctx)};
  BIO* to_server = BIO_new(BIO_s_mem());
  BIO* to_client = BIO_new(BIO_s_mem());
  REQUIRE(pair.server != NULL && pair.client != NULL && to_server != NULL && to_client != NULL);
  BIO_set_mem_eof_return(to_server, -1);
  BIO_set_mem_eof_return(to_client, -1);
  BIO_up_ref(to_server);
  BIO_up_ref(to_client);
  SSL_set_bio(pair.server, to_server, to_client);
  SSL_set_bio(pair.client, to_client, to_server);
  SSL_set_accept_state(pair.server);
  SSL_set_connect_state(pair.client);
  return pair;
}

// 1 when both sides have finished; the client has then read its tickets.
static inline int handshake(Pair pair) {
  int client = 0;
  int server = 0;
  char byte;
  for (int turn = 0; turn < 20 && !(client == 1 && server == 1); turn++) {
    if (client != 1) client = SSL_do_handshake(pair.client);
    if (server != 1) server = SSL_do_handshake(pair.server);
  }
  if (client == 1 && server == 1) SSL_read(pair.client, &byte, 1);
  return client == 1 && server == 1;
}

static inline void shut_down(Pair pair) {
  SSL_shutdown(pair.client);
  SSL_shutdown(pair.server);
  SSL_free(pair.client);
  SSL_free(pair.server);
}

// A session that libssl takes: 32 bytes of ID that begin with `id`, little endian.
static inline SSL_SESSION* new_session(unsigned id, int version) {
  SSL_SESSION* session = SSL_SESSION_new();
  unsigned char bytes[SSL_MAX_SSL_SESSION_ID_LENGTH] = {0};
  unsigned char key[48] = {7};
  SSL_CTX* ctx = SSL_CTX_new(TLS_method());
  REQUIRE(session != NULL && ctx != NULL);
  for (int i = 0; i < 4; i++) bytes[i] = (unsigned char)(id >> (8 * i));
  REQUIRE(SSL_SESSION_set_protocol_version(session, version) == 1);
  REQUIRE(SSL_SESSION_set1_id(session, bytes, sizeof bytes) == 1);
  REQUIRE(SSL_SESSION_set_cipher(session, sk_SSL_CIPHER_value(SSL_CTX_get_ciphers(ctx), 0)) == 1);
  REQUIRE(SSL_SESSION_set1_master_key(session, key, sizeof key) == 1);
  SSL_CTX_free(ctx);
  return session;
}

// 1 when the cache of `ssl`'s context knows this session under its ID.
static inline int known(SSL* ssl, const SSL_SESSION* session) {
  unsigned length;
  const unsigned char* id = SSL_SESSION_get_id(session, &length);
  return SSL_has_matching_session_id(ssl, id, length);
}
