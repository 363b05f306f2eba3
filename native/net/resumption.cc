#include "resumption.h"

#include <algorithm>
#include <cstring>
#include <ctime>

#include "../addon.h"
#include "../session_cache.h"
#include "../session_time.h"
#include "../state.h"
#include "session_der.h"

namespace sslctx {

namespace {

bool SameName(std::string_view left, std::string_view right) {
  const auto is_same = [](const char& one, const char& other) { return OPENSSL_strncasecmp(&one, &other, 1) == 0; };
  return std::equal(left.begin(), left.end(), right.begin(), right.end(), is_same);
}

ByteView IdOf(const SSL_SESSION* session) {
  unsigned int length = 0;
  const unsigned char* const id = SSL_SESSION_get_id(session, &length);
  return {id, length};
}

bool Equal(ByteView left, ByteView right) { return std::equal(left.begin(), left.end(), right.begin(), right.end()); }

bool IsExpired(const SSL_SESSION* session) { return ExpiryOf(session) < static_cast<std::int64_t>(std::time(nullptr)); }

bool DemandsCertificate(const SSL* ssl) { return (SSL_get_verify_mode(ssl) & SSL_VERIFY_FAIL_IF_NO_PEER_CERT) != 0; }

}  // namespace

void Resumption::OnClientHello(SSL* ssl, const ClientHello& hello) {
  offer_ = Offer::kNothing;
  candidate_.reset();
  servername_ = hello.servername;
  extended_master_secret_ = hello.extended_master_secret;
  offers_tls13_session_ = !hello.identities.empty();
  const bool stateful = (SSL_get_options(ssl) & SSL_OP_NO_TICKET) != 0 ||
                        (SSL_get_max_early_data(ssl) != 0 && (SSL_get_options(ssl) & SSL_OP_NO_ANTI_REPLAY) == 0);
  if (!hello.identities.empty()) {
    const ClientHello::Identity& first = hello.identities.front();
    const bool is_id = first.name.size() == SSL_MAX_SSL_SESSION_ID_LENGTH;
    offer_ = first.is_external ? Offer::kPreSharedKey : is_id ? Offer::kStatefulTicket : Offer::kStatelessTicket;
    if (stateful && !is_id && !first.is_external) refusal_ = Refusal::kTicketsOff;
    if (stateful && is_id) LookFor(ssl, first.name);
    if (!stateful && is_id) refusal_ = Refusal::kTicketKey;
  } else if (hello.has_ticket && (SSL_get_options(ssl) & SSL_OP_NO_TICKET) == 0) {
    offer_ = Offer::kStatelessTicket;
    // What is in the ticket is known only later.
    ciphers_.assign(hello.ciphers().begin(), hello.ciphers().end());
  } else if (!hello.session_id.empty()) {
    offer_ = Offer::kSessionId;
    // A client that can do TLS 1.3 sends 32 random bytes where it has no ID (RFC 8446, appendix D.4).
    is_ambiguous_ = hello.offers_tls13;
    // With a ticket, the ID is one that the client made up to learn whether the ticket was accepted.
    if (hello.has_ticket) refusal_ = Refusal::kTicketsOff;
    LookFor(ssl, hello.session_id);
  }
  if (candidate_) {
    const SSL_CIPHER* const cipher = SSL_SESSION_get0_cipher(candidate_.get());
    lacks_cipher_ = cipher != nullptr && !ClientHello::HasCipher(hello.ciphers(), cipher);
    if (const Refusal refusal = PolicyRefusal(ssl, candidate_.get()); refusal != Refusal::kNone) {
      refusal_ = refusal;
      RefuseByIdContext(ssl);
    }
  }
  if (is_hidden_) return;
  if (const Refusal refusal = ListRefusal(ssl, hello); refusal != Refusal::kNone) {
    refusal_ = refusal;
    RefuseByIdContext(ssl);
  }
}

// libssl goes through the whole list, and takes the first session that it knows; where it speaks TLS 1.2 or takes no
// tickets, it looks for the session ID although there are others in the list. Of several that are known nobody could
// say before the end whose label the connection has. An honest client offers one.
Refusal Resumption::ListRefusal(SSL* ssl, const ClientHello& hello) const {
  if (hello.has_more_identities) return Refusal::kUnknown;
  // The candidate has been looked at.
  int known = candidate_ ? 1 : 0;
  Refusal refusal = Refusal::kNone;
  const auto check = [&](ByteView id) {
    if (refusal != Refusal::kNone || (candidate_ && Equal(IdOf(candidate_.get()), id))) return;
    const OwnedSession session = Search(ssl, id);
    if (!session) return;
    refusal = PolicyRefusal(ssl, session.get());
    ++known;
  };
  for (const ClientHello::Identity& identity : hello.identities) check(identity.name);
  check(hello.session_id);
  if (refusal != Refusal::kNone) return refusal;
  return known > 1 ? Refusal::kUnknown : Refusal::kNone;
}

OwnedSession Resumption::Search(SSL* ssl, ByteView id) const {
  const SslState& own = SslState::Of(ssl);
  const ContextState* const state = ContextState::Of(own.session_ctx);
  OwnedSession found = state == nullptr ? nullptr : FindCached(*state, own.addon->lookup_key(), id);
  for (const OwnedSession& session : provided_) {
    if (!found && Equal(IdOf(session.get()), id)) found = ShareSession(session.get());
  }
  return found;
}

void Resumption::LookFor(SSL* ssl, ByteView id) {
  const ContextState* const state = ContextState::Of(SslState::Of(ssl).session_ctx);
  candidate_ = Search(ssl, id);
  was_removed_ = !candidate_ && state != nullptr && WasRemoved(*state, id);
}

void Resumption::Keep(const SSL_SESSION* session) { candidate_ = ShareSession(const_cast<SSL_SESSION*>(session)); }

Refusal Resumption::PolicyRefusal(const SSL* ssl, const SSL_SESSION* session) const {
  // RFC 6066, section 3: a session must not be resumed under another name. libssl does not look.
  const char* const name = SSL_SESSION_get0_hostname(session);
  if (name != nullptr && !servername_.empty() && !SameName(name, servername_)) return Refusal::kServername;
  // libssl takes the result of the verification over from the session, also where it would now refuse such a peer.
  if (DemandsCertificate(ssl) && (SSL_SESSION_get0_peer(const_cast<SSL_SESSION*>(session)) == nullptr ||
                                  DetailsOf(session).verify_result != X509_V_OK)) {
    return Refusal::kVerification;
  }
  // Nor does it look at the time: in TLS 1.3, tickets for new tickets would outlive any certificate.
  if ((SSL_get_verify_mode(ssl) & SSL_VERIFY_PEER) != 0 && IsPeerExpired(session)) return Refusal::kVerification;
  // libssl asks the client only whether it still has the suite. In TLS 1.3 the suite is negotiated anew.
  const SSL_CIPHER* const cipher = SSL_SESSION_get0_cipher(session);
  const bool is_chosen_anew = SSL_SESSION_get_protocol_version(session) >= TLS1_3_VERSION;
  if (cipher != nullptr && !is_chosen_anew && sk_SSL_CIPHER_find(SSL_get_ciphers(ssl), cipher) < 0) {
    return Refusal::kCipher;
  }
  return Refusal::kNone;
}

void Resumption::RefuseByIdContext(SSL* ssl) {
  // libssl asks nobody before it resumes from its cache; but it does not resume in another session ID context.
  unsigned char other[SSL_MAX_SID_CTX_LENGTH];
  if (RAND_bytes(other, sizeof other) != 1) return;
  SSL_set_session_id_context(ssl, other, sizeof other);
  is_hidden_ = true;
}

void Resumption::OnFullHandshake(SSL* ssl) {
  if (!is_hidden_) return;
  is_hidden_ = false;
  const ContextState* const state = ContextState::Of(SSL_get_SSL_CTX(ssl));
  if (state == nullptr) return;
  const unsigned char empty = 0;
  const unsigned char* const bytes = state->id_context.empty() ? &empty : state->id_context.data();
  const auto length = static_cast<unsigned int>(state->id_context.size());
  SSL_set_session_id_context(ssl, bytes, length);
  // The session of this handshake has been made already, and nobody else knows it yet.
  if (SSL_SESSION* const session = SSL_get_session(ssl)) SSL_SESSION_set1_id_context(session, bytes, length);
}

SSL_TICKET_RETURN Resumption::OnTicket(SSL* ssl, const SSL_SESSION* session, SSL_TICKET_STATUS status) {
  if (status == SSL_TICKET_EMPTY || status == SSL_TICKET_NO_DECRYPT || session == nullptr) {
    if (status != SSL_TICKET_EMPTY && offer_ == Offer::kStatelessTicket) refusal_ = Refusal::kTicketKey;
    return SSL_TICKET_RETURN_IGNORE_RENEW;
  }
  refusal_ = PolicyRefusal(ssl, session);
  Keep(session);
  const SSL_CIPHER* const cipher = SSL_SESSION_get0_cipher(session);
  lacks_cipher_ = cipher != nullptr && !ciphers_.empty() && !ClientHello::HasCipher(ciphers_, cipher);
  if (refusal_ != Refusal::kNone) return SSL_TICKET_RETURN_IGNORE_RENEW;
  return status == SSL_TICKET_SUCCESS_RENEW ? SSL_TICKET_RETURN_USE_RENEW : SSL_TICKET_RETURN_USE;
}

SSL_SESSION* Resumption::Lookup(const unsigned char* id, std::size_t length) {
  for (const OwnedSession& session : provided_) {
    if (Equal(IdOf(session.get()), {id, length}) && SSL_SESSION_up_ref(session.get()) == 1) return session.get();
  }
  return nullptr;
}

Refusal Resumption::Explain(const SSL* ssl) const {
  if (refusal_ != Refusal::kNone && refusal_ != Refusal::kTicketsOff) return refusal_;
  const long mode = SSL_CTX_get_session_cache_mode(SslState::Of(ssl).session_ctx);
  const bool is_tls13 = SSL_version(ssl) >= TLS1_3_VERSION;
  if (!candidate_) {
    if (offer_ == Offer::kStatelessTicket && is_tls13 != offers_tls13_session_) return Refusal::kProtocol;
    if (refusal_ != Refusal::kNone) return refusal_;
    if (was_removed_) return Refusal::kRemoved;
    const bool looks_up = (mode & SSL_SESS_CACHE_NO_INTERNAL_LOOKUP) == 0 && (mode & SSL_SESS_CACHE_SERVER) != 0;
    const ContextState* const state = ContextState::Of(SslState::Of(ssl).session_ctx);
    return looks_up || (state != nullptr && state->has_store) ? Refusal::kNotFound : Refusal::kCacheMode;
  }
  const SSL_SESSION* const session = candidate_.get();
  const ContextState* const chosen = ContextState::Of(SSL_get_SSL_CTX(ssl));
  std::size_t length = 0;
  {
    unsigned int count = 0;
    const unsigned char* const own = SSL_SESSION_get0_id_context(session, &count);
    length = count;
    if (chosen != nullptr && !Equal({own, length}, chosen->id_context)) return Refusal::kIdContext;
  }
  if (SSL_SESSION_get_protocol_version(session) != SSL_version(ssl)) return Refusal::kProtocol;
  if (IsExpired(session)) return Refusal::kExpired;
  const bool is_from_cache = offer_ != Offer::kStatelessTicket;
  if (is_from_cache && (mode & SSL_SESS_CACHE_NO_INTERNAL_LOOKUP) != 0 && provided_.empty()) return Refusal::kCacheMode;
  if (!is_tls13) {
    if (lacks_cipher_) return Refusal::kCipher;
    if (DetailsOf(session).extended_master_secret != extended_master_secret_) return Refusal::kExtendedMasterSecret;
  } else {
    const SSL_CIPHER* const now = SSL_get_current_cipher(ssl);
    const SSL_CIPHER* const then = SSL_SESSION_get0_cipher(session);
    if (now != nullptr && then != nullptr &&
        SSL_CIPHER_get_handshake_digest(now) != SSL_CIPHER_get_handshake_digest(then)) {
      return Refusal::kCipher;
    }
  }
  return Refusal::kUnknown;
}

std::uint32_t Resumption::Conclude(const SSL* ssl, bool handshake_done) {
  const bool accepted = handshake_done && SSL_session_reused(ssl) == 1;
  Offer offer = offer_;
  Refusal refusal = Refusal::kNone;
  if (!accepted && offer != Offer::kNothing) {
    refusal = Explain(ssl);
    const bool is_unknown = refusal == Refusal::kNotFound || refusal == Refusal::kCacheMode;
    if (is_ambiguous_ && is_unknown) {
      offer = Offer::kNothing;
      refusal = Refusal::kNone;
    }
  }
  candidate_.reset();
  provided_.clear();
  return static_cast<std::uint32_t>(offer) | (accepted ? 1U : 0U) << 4 | static_cast<std::uint32_t>(refusal) << 5;
}

}  // namespace sslctx
