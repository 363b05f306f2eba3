#include "endpoints.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "callbacks.h"
#include "session_cache.h"
#include "session_time.h"
#include "state.h"

namespace sslctx::threads {

namespace {

void Require(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "%s failed\n", what);
  ERR_print_errors_fp(stderr);
  std::abort();
}

struct Identity {
  OwnedPkey key{EVP_EC_gen("P-256")};
  OwnedX509 certificate{X509_new()};

  Identity() {
    X509* const x509 = certificate.get();
    ASN1_INTEGER_set(X509_get_serialNumber(x509), 1);
    X509_gmtime_adj(X509_getm_notBefore(x509), 0);
    X509_gmtime_adj(X509_getm_notAfter(x509), 86'400);
    X509_set_pubkey(x509, key.get());
    X509_NAME* const name = X509_NAME_new();
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("localhost"), -1, -1,
                               0);
    X509_set_subject_name(x509, name);
    X509_set_issuer_name(x509, name);
    X509_NAME_free(name);
    Require(X509_sign(x509, key.get(), EVP_sha256()) > 0, "X509_sign");
  }
};

const Identity& TheIdentity() {
  static const Identity identity;
  return identity;
}

/// As the binding's own, which would have to ask JavaScript for the rest.
SSL_TICKET_RETURN OnDecrypt(SSL* ssl, SSL_SESSION* session, const unsigned char*, size_t, SSL_TICKET_STATUS status,
                            void*) {
  if (IsRevokedTicket(SslState::Of(ssl).session_ctx, session)) return SSL_TICKET_RETURN_IGNORE_RENEW;
  if (status == SSL_TICKET_SUCCESS) return SSL_TICKET_RETURN_USE;
  return status == SSL_TICKET_SUCCESS_RENEW ? SSL_TICKET_RETURN_USE_RENEW : SSL_TICKET_RETURN_IGNORE_RENEW;
}

/// A store outside of the process that has each session of MakeSession.
SSL_SESSION* OnLookup(SSL* ssl, const unsigned char* id, int length, int* copy) {
  *copy = 0;
  const int made = 5;
  if (length != made) return nullptr;
  OwnedSession session = MakeSession(id[0], std::time(nullptr), 7200);
  NoteBeforeAdded(*ContextState::Of(SslState::Of(ssl).session_ctx), session.get());
  return session.release();
}

struct Side {
  Owned<SSL, SSL_free> ssl;
  Side(Addon& addon, SSL_CTX* ctx, bool is_server, BIO* bio) : ssl(SSL_new(ctx)) {
    Require(ssl != nullptr, "SSL_new");
    SslState::Attach(ssl.get(), addon, nullptr, ctx);
    SSL_set_bio(ssl.get(), bio, bio);
    is_server ? SSL_set_accept_state(ssl.get()) : SSL_set_connect_state(ssl.get());
  }
};

bool Shake(SSL* client, SSL* server) {
  for (int round = 0; round < 10; ++round) {
    const int one = SSL_do_handshake(client);
    const int other = SSL_do_handshake(server);
    if (one == 1 && other == 1) return true;
    for (const auto& [ssl, result] : {std::pair{client, one}, std::pair{server, other}}) {
      if (result != 1 && SSL_get_error(ssl, result) != SSL_ERROR_WANT_READ) return false;
    }
  }
  return false;
}

}  // namespace

OwnedCtx MakeContext(Addon& addon, const Profile& profile, std::shared_ptr<TicketRing> ring, long cache_size) {
  OwnedCtx ctx(SSL_CTX_new(TLS_method()));
  Require(ctx != nullptr, "SSL_CTX_new");
  ContextState::Attach(ctx.get(), addon, nullptr);
  InstallDefaults(ctx.get());
  SSL_CTX_set_session_cache_mode(ctx.get(), SSL_SESS_CACHE_BOTH);
  SSL_CTX_sess_set_cache_size(ctx.get(), cache_size);
  if (!profile.is_server) return ctx;
  SSL_CTX_set_min_proto_version(ctx.get(), profile.version);
  SSL_CTX_set_max_proto_version(ctx.get(), profile.version);
  SSL_CTX_set_session_id_context(ctx.get(), reinterpret_cast<const unsigned char*>("threads"), 7);
  if (profile.stateful) SSL_CTX_set_options(ctx.get(), SSL_OP_NO_TICKET);
  SSL_CTX_use_certificate(ctx.get(), TheIdentity().certificate.get());
  Require(SSL_CTX_use_PrivateKey(ctx.get(), TheIdentity().key.get()) == 1, "SSL_CTX_use_PrivateKey");
  SSL_CTX_sess_set_get_cb(ctx.get(), OnLookup);
  if (ring) {
    ContextState::Of(ctx.get())->ring = std::move(ring);
    SSL_CTX_set_tlsext_ticket_key_evp_cb(ctx.get(), OnTicketKey);
    SSL_CTX_set_session_ticket_cb(ctx.get(), LabelTicket, OnDecrypt, nullptr);
  }
  return ctx;
}

OwnedSession MakeSession(unsigned int number, std::int64_t time, long timeout) {
  OwnedSession session(SSL_SESSION_new());
  Require(session != nullptr, "SSL_SESSION_new");
  const unsigned char id[5] = {static_cast<unsigned char>(number), 'm', 'a', 'd', 'e'};
  const unsigned char key[48] = {1};
  const SSL_CIPHER* cipher = nullptr;
  static const OwnedCtx any(SSL_CTX_new(TLS_method()));
  const STACK_OF(SSL_CIPHER)* const ciphers = SSL_CTX_get_ciphers(any.get());
  for (int i = 0; i < sk_SSL_CIPHER_num(ciphers); ++i) {
    const SSL_CIPHER* const each = sk_SSL_CIPHER_value(ciphers, i);
    if (std::strcmp(SSL_CIPHER_get_name(each), "ECDHE-ECDSA-AES128-GCM-SHA256") == 0) cipher = each;
  }
  SSL_SESSION_set_protocol_version(session.get(), TLS1_2_VERSION);
  SSL_SESSION_set_cipher(session.get(), cipher);
  SSL_SESSION_set1_master_key(session.get(), key, sizeof key);
  SSL_SESSION_set1_id(session.get(), id, sizeof id);
  SSL_SESSION_set1_id_context(session.get(), reinterpret_cast<const unsigned char*>("threads"), 7);
  SetTimeOf(session.get(), time);
  SSL_SESSION_set_timeout(session.get(), timeout);
  return session;
}

Outcome Connect(Addon& addon, SSL_CTX* server_ctx, SSL_CTX* client_ctx, int version, SSL_SESSION* offered, End end) {
  BIO* one = nullptr;
  BIO* other = nullptr;
  Require(BIO_new_bio_pair(&one, 0, &other, 0) == 1, "BIO_new_bio_pair");
  const Side server(addon, server_ctx, true, one);
  const Side client(addon, client_ctx, false, other);
  SSL* const s = server.ssl.get();
  SSL* const c = client.ssl.get();
  SSL_set_min_proto_version(c, version);
  SSL_set_max_proto_version(c, version);
  if (offered != nullptr) SSL_set_session(c, offered);
  Outcome outcome;
  char byte = 'x';
  outcome.done =
      Shake(c, s) && SSL_write(s, &byte, 1) == 1 && SSL_read(c, &byte, 1) == 1 && SSL_write(c, &byte, 1) == 1;
  if (outcome.done) {
    outcome.reused = SSL_session_reused(c) == 1;
    if (end == End::kBroken) {
      BIO_write(SSL_get_wbio(c), "what is no record at all", 24);
      SSL_read(s, &byte, 1);
    }
    SSL_read(s, &byte, 1);
    if (SSL_SESSION* const session = SSL_get1_session(c)) outcome.sessions.emplace_back(session);
    if (end == End::kClean) {
      SSL_shutdown(c);
      SSL_shutdown(s);
    }
  }
  ERR_clear_error();
  return outcome;
}

}  // namespace sslctx::threads
