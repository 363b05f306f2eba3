// What libssl asks and tells in a channel's callbacks. None of it calls JavaScript: a step tells it afterwards.

#include <cerrno>

#include "channel_parts.h"
#include "session_ids.h"

namespace sslctx {

namespace {

/// As Node: a client that renegotiates over and over is an attack.
constexpr std::uint8_t kMaxRenegotiations = 3;

/// Messages after the handshake that libssl answers: so many, and one more for each kibibyte of data. Each costs a peer
/// that does not read 27 bytes, and us a derivation of keys and memory for the answer.
constexpr std::uint64_t kMaxDemands = 64;
constexpr std::uint64_t kDataPerDemand = 1024;

bool CanTls13(SSL* ssl) {
  const auto greatest = SSL_get_max_proto_version(ssl);
  return (greatest == 0 || greatest >= TLS1_3_VERSION) && (SSL_get_options(ssl) & SSL_OP_NO_TLSv1_3) == 0;
}

}  // namespace

int Channel::OnClientHello(SSL* ssl, int* alert) noexcept {
  try {
    if (phase_ == Phase::kOpen) {
      if (++renegotiations_ <= kMaxRenegotiations) return SSL_CLIENT_HELLO_SUCCESS;
      *alert = SSL_AD_NO_RENEGOTIATION;
      return SSL_CLIENT_HELLO_ERROR;
    }
    const ClientHello hello(ssl);
    if (options_.questions == 0 || hello_answered_) {
      resumption_.OnClientHello(ssl, hello);
      return SSL_CLIENT_HELLO_SUCCESS;
    }
    if (waits_for_hello_) return SSL_CLIENT_HELLO_RETRY;
    std::vector<ByteView> ids;
    for (const ClientHello::Identity& identity : hello.identities) {
      if (identity.name.size() == SSL_MAX_SSL_SESSION_ID_LENGTH) ids.push_back(identity.name);
    }
    const bool uses_ticket = hello.has_ticket && (SSL_get_options(ssl) & SSL_OP_NO_TICKET) == 0;
    if (hello.identities.empty() && !uses_ticket && !hello.session_id.empty()) ids.push_back(hello.session_id);
    if (!Asks(ssl, hello, !ids.empty())) {
      hello_answered_ = true;
      recorded_ = {};
      // JavaScript, which has not heard of the connection, keeps its sessions nevertheless.
      const ContextState* const state = ContextState::Of(SslState::Of(ssl).session_ctx);
      if (state != nullptr && state->has_store) options_.tells_sessions = true;
      resumption_.OnClientHello(ssl, hello);
      return SSL_CLIENT_HELLO_SUCCESS;
    }
    hello_ = std::make_unique<Hello>();
    hello_->servername = hello.servername;
    hello_->alpn.assign(hello.alpn.begin(), hello.alpn.end());
    hello_->wants_ocsp = hello.wants_ocsp;
    for (const ByteView id : ids) hello_->ids.emplace_back(id.begin(), id.end());
    waits_for_hello_ = true;
    return SSL_CLIENT_HELLO_RETRY;
  } catch (...) {
    *alert = SSL_AD_INTERNAL_ERROR;
    return SSL_CLIENT_HELLO_ERROR;
  }
}

/// Whether JavaScript has something to answer: waiting for it takes a turn of the event loop.
bool Channel::Asks(SSL* ssl, const ClientHello& hello, bool offers_ids) const {
  const auto asks = [&](Question question) { return (options_.questions & question) != 0; };
  if (asks(kAsksServername) && !hello.servername.empty()) return true;
  if (asks(kAsksAlpn) && !hello.alpn.empty()) return true;
  if (asks(kAsksOcsp) && hello.wants_ocsp) return true;
  if (!offers_ids) return false;
  const ContextState* const state = ContextState::Of(SslState::Of(ssl).session_ctx);
  if (state == nullptr || !state->has_store) return asks(kAsksIds);
  // What is offered for certain is JavaScript's to judge: it may have newer keys of IDs than there are here.
  const bool is_offered = !hello.identities.empty() || !hello.offers_tls13 || !CanTls13(ssl);
  // Otherwise these are 32 random bytes (RFC 8446, appendix D.4), or the ID of a TLS 1.2 session.
  const std::shared_ptr<const SessionIds> ids = state->Ids();
  return is_offered || !ids || ids->Recognises(hello.session_id);
}

void Channel::OnMessage(const SSL* ssl, std::uint8_t type) noexcept {
  if (phase_ != Phase::kOpen || early_ != Early::kNone) return;
  const bool is_tls13 = SSL_version(ssl) >= TLS1_3_VERSION;
  const std::uint8_t hello = options_.is_server ? SSL3_MT_CLIENT_HELLO : SSL3_MT_HELLO_REQUEST;
  if (type != (is_tls13 ? SSL3_MT_KEY_UPDATE : hello)) return;
  if (++demands_ <= kMaxDemands + plaintext_read_ / kDataPerDemand) return;
  flood_ = is_tls13 ? SSL_R_TOO_MANY_KEY_UPDATES : SSL_R_NO_RENEGOTIATION;
}

SSL_TICKET_RETURN Channel::OnTicket(SSL* ssl, SSL_SESSION* session, SSL_TICKET_STATUS status) noexcept {
  try {
    return resumption_.OnTicket(ssl, session, status);
  } catch (...) {
    return SSL_TICKET_RETURN_IGNORE;
  }
}

SSL_SESSION* Channel::OnLookup(const unsigned char* id, int length) noexcept {
  return resumption_.Lookup(id, static_cast<std::size_t>(length));
}

void Channel::OnNewSession(SSL_SESSION* session, bool context_listens) noexcept {
  if (!context_listens && !options_.tells_sessions) return;
  try {
    if (SSL_SESSION_up_ref(session) == 1) sessions_.push_back({OwnedSession(session), context_listens});
  } catch (...) {
    // Out of memory: a notification is lost.
  }
}

void Channel::OnKeylog(const char* line) noexcept {
  if (!options_.tells_keys) return;
  try {
    keys_.emplace_back(std::string(line) + "\n");
  } catch (...) {
    // Out of memory: a line is lost.
  }
}

}  // namespace sslctx
