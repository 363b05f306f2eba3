// What the files of class Channel share.
#pragma once

#include <string>
#include <vector>

#include "channel.h"

namespace sslctx {

/// Plaintext for one call of SSL_write, and ciphertext for one call of the kernel.
constexpr std::size_t kSlice = std::size_t{64} * 1024;

/// Ciphertext that libssl reads in one call: it returns for plaintext only, and a peer may send none. More than a
/// record.
constexpr std::size_t kMaxReadInCall = std::size_t{64} * 1024;

struct Channel::Hello {
  std::string servername;
  std::vector<std::uint8_t> alpn;
  std::vector<std::vector<std::uint8_t>> ids;
  bool wants_ocsp = false;
};

template <typename Operation>
Channel::Outcome Channel::Perform(Operation&& operation) {
  SSL* const ssl = ssl_.get();
  SslState& state = SslState::Of(ssl);
  ErrorQueue::ClearThread();
  read_in_call_ = 0;
  ++state.busy;
  const int result = operation(ssl);
  --state.busy;
  if (result > 0) return Outcome::kDone;
  if (flood_ != 0) {
    // Not raised where libssl reads: since 4.0, SSL_get_error does not look at the queue for what its BIO has to say.
    ERR_raise(ERR_LIB_SSL, flood_);
    return Outcome::kFailed;
  }
  switch (SSL_get_error(ssl, result)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
    case SSL_ERROR_WANT_X509_LOOKUP:
    case SSL_ERROR_WANT_CLIENT_HELLO_CB:
      return Outcome::kWaits;
    case SSL_ERROR_ZERO_RETURN:
      return Outcome::kEnded;
    default:
      return Outcome::kFailed;
  }
}

}  // namespace sslctx
