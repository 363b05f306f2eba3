// The BIO between libssl and a channel.
#pragma once

#include "../openssl.h"

namespace sslctx {

/// Where libssl's ciphertext comes from and goes to.
class Transport {
 public:
  static constexpr int kRetry = -1;

  /// The number of bytes, 0 at the end, or kRetry.
  virtual int ReadCiphertext(char* data, int length) noexcept = 0;
  /// Takes all of it. False when memory is short.
  virtual bool WriteCiphertext(const char* data, int length) noexcept = 0;
  /// Whether ReadCiphertext has come to the end.
  virtual bool AtEnd() noexcept = 0;

 protected:
  ~Transport() = default;
};

/// A BIO for both directions. `transport` must outlive it, or be taken away by Detach.
OwnedBio NewTransportBio(Transport* transport);
void DetachTransport(BIO* bio);

}  // namespace sslctx
