// Why a server's connection was resumed or not: taken from what libssl saw, while it saw it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "../openssl.h"
#include "client_hello.h"

namespace sslctx {

class Addon;

/// What a client offered. src/resumption.ts has the same list.
enum class Offer : std::uint8_t { kNothing, kSessionId, kStatefulTicket, kStatelessTicket, kPreSharedKey };

/// Why it was not accepted. src/resumption.ts has the same list.
enum class Refusal : std::uint8_t {
  kNone,
  kNotFound,
  kRemoved,
  kExpired,
  kIdContext,
  kProtocol,
  kCipher,
  kExtendedMasterSecret,
  kServername,
  kTicketKey,
  kTicketsOff,
  kCacheMode,
  kVerification,
  kUnknown,
  /// Of a client: src/resumption.ts has its word here.
  kRefusedByServer,
  kRevoked,
};

class Resumption {
 public:
  /// In the client hello callback: looks for what the client offers in the cache, as libssl will do right afterwards,
  /// and keeps libssl from accepting what must not be resumed here.
  void OnClientHello(SSL* ssl, const ClientHello& hello);

  /// In the callback of decrypted tickets.
  SSL_TICKET_RETURN OnTicket(SSL* ssl, const SSL_SESSION* session, SSL_TICKET_STATUS status);

  /// In its place, for a ticket that decrypts and is no longer accepted.
  void OnRevoked() { refusal_ = Refusal::kRevoked; }

  /// In the certificate callback, which libssl makes when it has refused to resume.
  void OnFullHandshake(SSL* ssl);

  /// At the end of the handshake, or when it has failed: offer, acceptance and refusal, as src/resumption.ts reads
  /// them.
  std::uint32_t Conclude(const SSL* ssl, bool handshake_done);

  /// A session from outside of the cache that will answer libssl's lookup of its ID.
  void Provide(OwnedSession session) { provided_.push_back(std::move(session)); }
  /// The answer to a lookup, with a reference of its own, or null.
  SSL_SESSION* Lookup(const unsigned char* id, std::size_t length);

 private:
  OwnedSession Search(SSL* ssl, ByteView id) const;
  void LookFor(SSL* ssl, ByteView id);
  void Keep(const SSL_SESSION* session);
  Refusal ListRefusal(SSL* ssl, const ClientHello& hello) const;
  Refusal PolicyRefusal(const SSL* ssl, const SSL_SESSION* session) const;
  Refusal Explain(const SSL* ssl) const;
  void RefuseByIdContext(SSL* ssl);

  Offer offer_ = Offer::kNothing;
  Refusal refusal_ = Refusal::kNone;
  bool is_hidden_ = false;
  bool extended_master_secret_ = false;
  bool lacks_cipher_ = false;
  bool is_ambiguous_ = false;
  bool was_removed_ = false;
  bool offers_tls13_session_ = false;
  /// Those of the client, beside a ticket of TLS 1.2.
  std::vector<std::uint8_t> ciphers_;
  std::string servername_;
  /// What libssl will find, or has decrypted; until the handshake ends.
  OwnedSession candidate_;
  std::vector<OwnedSession> provided_;
};

}  // namespace sslctx
