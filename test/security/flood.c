// A peer that does what no honest one does: after the handshake it makes thousands of messages, and sends them without
// ever reading. flood MODE PORT COUNT: key-updates (TLS 1.3), renegotiations (TLS 1.2).
#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void require(int condition, const char* what) {
  if (condition) return;
  fprintf(stderr, "%s\n", what);
  ERR_print_errors_fp(stderr);
  exit(2);
}

int main(int argc, char** argv) {
  require(argc == 4, "flood MODE PORT COUNT");
  const int updates_keys = strcmp(argv[1], "key-updates") == 0;
  const long count = atol(argv[3]);
  signal(SIGPIPE, SIG_IGN);

  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  const struct sockaddr_in address = {
      .sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(argv[2])), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  require(connect(fd, (const struct sockaddr*)&address, sizeof address) == 0, "connect");
  SSL_CTX* const ctx = SSL_CTX_new(TLS_client_method());
  const int version = updates_keys ? TLS1_3_VERSION : TLS1_2_VERSION;
  SSL_CTX_set_min_proto_version(ctx, version);
  SSL_CTX_set_max_proto_version(ctx, version);
  SSL* const ssl = SSL_new(ctx);
  SSL_set_fd(ssl, fd);
  require(SSL_connect(ssl) == 1, "SSL_connect");
  printf("connected\n");
  fflush(stdout);

  SSL_set0_wbio(ssl, BIO_new(BIO_s_mem()));
  if (!updates_keys) require(SSL_renegotiate(ssl) == 1 && SSL_do_handshake(ssl) != 1, "SSL_renegotiate");
  for (long made = 0; updates_keys && made < count; made++) {
    require(SSL_key_update(ssl, SSL_KEY_UPDATE_REQUESTED) == 1 && SSL_do_handshake(ssl) == 1, "SSL_key_update");
  }
  if (updates_keys) require(SSL_write(ssl, "the end", 7) == 7, "SSL_write");
  char* bytes = NULL;
  const size_t length = (size_t)BIO_get_mem_data(SSL_get_wbio(ssl), &bytes);
  size_t sent = 0;
  while (sent < length) {
    const ssize_t taken = send(fd, bytes + sent, length - sent, 0);
    if (taken <= 0) break;
    sent += (size_t)taken;
  }
  printf(sent < length ? "cut off\n" : "sent\n");
  fflush(stdout);
  // Until the other side ends it: what it answers is not read.
  char byte;
  require(read(STDIN_FILENO, &byte, 1) >= 0, "read");
  return 0;
}
