#include "support.h"

#include <cstdio>
#include <cstdlib>
#include <ctime>

#include "addon.h"
#include "net/session_der.h"
#include "session_cache.h"
#include "session_read.h"
#include "session_time.h"
#include "state.h"
#include "ticket_ring.h"

namespace sslctx::fuzz {

namespace {

/// libFuzzer takes each of these as an edge that has been passed so many times.
constexpr std::size_t kCounters = 4096;
__attribute__((section("__libfuzzer_extra_counters"), used)) std::uint8_t counters[kCounters];

Addon& TheAddon() {
  static Addon* const addon = [] {
    OPENSSL_init_ssl(OPENSSL_INIT_NO_ATEXIT, nullptr);
    RegisterState();
    // For as long as the process lives, as in Node.
    return new Addon(Napi::Env(nullptr));
  }();
  return *addon;
}

}  // namespace

void Fail(const char* condition, const char* file, int line) {
  std::fprintf(stderr, "%s:%d: this does not hold: %s\n", file, line, condition);
  ERR_print_errors_fp(stderr);
  std::abort();
}

SSL_SESSION* LookupKey() { return TheAddon().lookup_key(); }

OwnedContext NewContext(const SSL_METHOD* method) {
  Addon& addon = TheAddon();
  OwnedContext ctx(SSL_CTX_new(method));
  SSLCTX_CLAIM(ctx != nullptr);
  ContextState::Attach(ctx.get(), addon, nullptr);
  return ctx;
}

Owned<SSL, SSL_free> NewSsl(SSL_CTX* ctx) {
  Owned<SSL, SSL_free> ssl(SSL_new(ctx));
  SSLCTX_CLAIM(ssl != nullptr);
  SslState::Attach(ssl.get(), TheAddon(), nullptr, ctx);
  return ssl;
}

Bytes DerOf(const SSL_SESSION* session) {
  const int length = i2d_SSL_SESSION(session, nullptr);
  if (length <= 0) return {};
  Bytes der(static_cast<std::size_t>(length));
  unsigned char* at = der.data();
  SSLCTX_CLAIM(i2d_SSL_SESSION(session, &at) == length);
  return der;
}

void Observe(std::uint32_t value) {
  // Fibonacci hashing: neighbours end up far from each other.
  counters[(value * 2654435769U) >> 20]++;
}

void Settle() {
  Observe(static_cast<std::uint32_t>(ERR_peek_last_error()));
  ErrorQueue::ClearThread();
}

namespace {

/// What the getters give back must be readable to its end: the sanitizer sees whether it is.
std::uint32_t Sum(const void* data, std::size_t length) {
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < length; ++i) sum += static_cast<const std::uint8_t*>(data)[i];
  return sum;
}

std::uint32_t ReadAll(SSL_SESSION* session) {
  static volatile std::uint32_t sink;
  unsigned int count = 0;
  const unsigned char* bytes = SSL_SESSION_get_id(session, &count);
  SSLCTX_CLAIM(count <= SSL_MAX_SSL_SESSION_ID_LENGTH);
  sink = Sum(bytes, count);
  std::uint32_t seen = count != 0;
  bytes = SSL_SESSION_get0_id_context(session, &count);
  SSLCTX_CLAIM(count <= SSL_MAX_SID_CTX_LENGTH);
  sink = Sum(bytes, count);
  seen |= (count != 0) << 1;
  std::size_t length = 0;
  SSL_SESSION_get0_alpn_selected(session, &bytes, &length);
  sink = Sum(bytes, length);
  seen |= (length != 0) << 2;
  if (SSL_SESSION_has_ticket(session) != 0) {
    SSL_SESSION_get0_ticket(session, &bytes, &length);
    sink = Sum(bytes, length);
    seen |= 1 << 3;
  }
  void* data = nullptr;
  if (SSL_SESSION_get0_ticket_appdata(session, &data, &length) == 1) {
    sink = Sum(data, length);
    seen |= (length != 0) << 4;
  }
  Bytes key(SSL_SESSION_get_master_key(session, nullptr, 0));
  SSL_SESSION_get_master_key(session, key.data(), key.size());
  sink = Sum(key.data(), key.size());
  seen |= (!key.empty()) << 5;
  const char* const hostname = SSL_SESSION_get0_hostname(session);
  seen |= (hostname != nullptr) << 6;
  seen |= (SSL_SESSION_get0_cipher(session) != nullptr) << 7;
  seen |= (SSL_SESSION_get_protocol_version(session) == TLS1_3_VERSION) << 8;
  seen |= (SSL_SESSION_is_resumable(session) != 0) << 9;
  seen |= (SSL_SESSION_get_max_early_data(session) != 0) << 10;
  seen |= (SSL_SESSION_get_ticket_lifetime_hint(session) != 0) << 11;
  seen |= (SSL_SESSION_get_max_fragment_length(session) != 0) << 12;
  seen |= (SSL_SESSION_get_timeout(session) != 0) << 13;
  const std::int64_t now = std::time(nullptr);
  seen |= (ExpiryOf(session) < now) << 14;
  seen |= (TimeOf(session) > now) << 15;
  if (X509* const peer = SSL_SESSION_get0_peer(session)) {
    unsigned char* der = nullptr;
    const int size = i2d_X509(peer, &der);
    if (size > 0) sink = Sum(der, static_cast<std::size_t>(size));
    OPENSSL_free(der);
    seen |= 1 << 16;
  }
  const SessionDetails details = DetailsOf(session);
  seen |= details.extended_master_secret << 17;
  seen |= (details.verify_result == X509_V_OK) << 18;
  seen |= (!LabelOf(session).empty()) << 19;
  return seen;
}

void Write(const SSL_SESSION* session) {
  const OwnedBio out(BIO_new(BIO_s_mem()));
  auto* const own = const_cast<SSL_SESSION*>(session);
  SSL_SESSION_print(out.get(), session);
  SSL_SESSION_print_keylog(out.get(), session);
  PEM_write_bio_SSL_SESSION(out.get(), own);
  i2d_SSL_SESSION_bio(out.get(), own);
  ERR_clear_error();
}

/// Writing what was read, and reading that, comes to a rest.
void RoundTrip(const SSL_SESSION* session) {
  const Bytes der = DerOf(session);
  SSLCTX_CLAIM(!der.empty());
  const OwnedSession again = SessionFromDer(der);
  SSLCTX_CLAIM(again != nullptr);
  SSLCTX_CLAIM(DerOf(again.get()) == der);
  const OwnedBio pem(BIO_new(BIO_s_mem()));
  SSLCTX_CLAIM(PEM_write_bio_SSL_SESSION(pem.get(), again.get()) == 1);
  const OwnedSession third = SessionFromPem(pem.get());
  SSLCTX_CLAIM(third != nullptr && DerOf(third.get()) == der);
}

/// As SSL_CTX_add_session and SSL_CTX_remove_session of the binding.
void Cache(SSL_SESSION* session) {
  static SSL_CTX* const ctx = NewContext(TLS_server_method()).release();
  if (MissingPartOf(session) != nullptr) return;
  unsigned int length = 0;
  const unsigned char* const id = SSL_SESSION_get_id(session, &length);
  SSLCTX_CLAIM(SSL_CTX_add_session(ctx, session) == 1);
  SSLCTX_CLAIM(SSL_CTX_sess_number(ctx) == 1);
  const ContextState& state = *ContextState::Of(ctx);
  SSLCTX_CLAIM(FindCached(state, session).get() == session);
  const int version = SSL_SESSION_get_protocol_version(session);
  const bool is_known = version <= TLS1_3_VERSION && version >= SSL3_VERSION;
  SSLCTX_CLAIM(!is_known || FindCached(state, LookupKey(), {id, length}).get() == session);
  MayResume(ctx, session, "localhost", false);
  MayResume(ctx, session, nullptr, true);
  IsRevokedTicket(ctx, session);
  FlushSessions(ctx, std::time(nullptr));
  if (FindCached(state, session)) SSLCTX_CLAIM(SSL_CTX_remove_session(ctx, session) == 1);
  SSLCTX_CLAIM(SSL_CTX_sess_number(ctx) == 0);
}

}  // namespace

void Use(SSL_SESSION* session) {
  const std::uint32_t seen = ReadAll(session);
  for (std::uint32_t bit = 0; bit < 20; ++bit) {
    // Pairs of what a session has: a new pair is news.
    for (std::uint32_t other = bit; other < 20; ++other) {
      if ((seen >> bit & seen >> other & 1) != 0) Observe(bit << 8 | other);
    }
  }
  Write(session);
  RoundTrip(session);
  Cache(session);
}

}  // namespace sslctx::fuzz
