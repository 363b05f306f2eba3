// Session IDs that all servers of one session store know for their own, without asking it.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "../openssl.h"

namespace sslctx {

/// 24 random bytes, in front because libssl hashes the first four, and 8 of their HMAC-SHA256.
class SessionIds {
 public:
  using Key = std::array<std::uint8_t, 32>;

  /// The first key is for new IDs, all are for those that come back.
  explicit SessionIds(std::vector<Key> keys) : keys_(std::move(keys)) {}
  ~SessionIds();
  SessionIds(const SessionIds&) = delete;
  SessionIds& operator=(const SessionIds&) = delete;

  bool Make(std::uint8_t* id) const;
  bool Recognises(std::span<const std::uint8_t> id) const;

  /// For SSL_CTX_set_generate_session_id.
  static int OnGenerate(SSL* ssl, unsigned char* id, unsigned int* length) noexcept;

  static constexpr std::size_t kLength = SSL_MAX_SSL_SESSION_ID_LENGTH;

 private:
  std::vector<Key> keys_;
};

}  // namespace sslctx
