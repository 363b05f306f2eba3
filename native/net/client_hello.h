// What a client offers to resume, and what a server needs to know before it chooses a context.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "../openssl.h"

namespace sslctx {

using ByteView = std::span<const std::uint8_t>;

/// Views into libssl's copy of the message: good inside of the client hello callback only.
struct ClientHello {
  explicit ClientHello(SSL* ssl);

  /// The name without checks, or empty.
  std::string_view servername;
  /// The extension's list of names, each behind its length.
  ByteView alpn;
  ByteView session_id;
  /// A non-empty TLS 1.2 ticket.
  bool has_ticket = false;
  bool offers_tls13 = false;
  bool extended_master_secret = false;
  bool wants_ocsp = false;

  struct Identity {
    ByteView name;
    /// Of a key that comes from no ticket, by RFC 8446, section 4.2.11.
    bool is_external;
  };
  /// The pre-shared keys, in their order; at most `kMaxIdentities`.
  std::vector<Identity> identities;
  /// There are more than those.
  bool has_more_identities = false;

  /// The cipher suites, two bytes each.
  ByteView ciphers() const { return ciphers_; }
  static bool HasCipher(ByteView list, const SSL_CIPHER* cipher);

  static constexpr std::size_t kMaxIdentities = 8;

 private:
  ByteView ciphers_;
};

}  // namespace sslctx
