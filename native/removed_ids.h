#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "openssl.h"

namespace sslctx {

/// The IDs that were removed last, so that a client that comes back with one can be told from one with nonsense.
class RemovedIds {
 public:
  void Add(const SSL_SESSION* session);
  bool Has(std::span<const std::uint8_t> id) const;

 private:
  struct Id {
    std::uint8_t length = 0;
    std::uint8_t bytes[SSL_MAX_SSL_SESSION_ID_LENGTH] = {};
  };
  static constexpr std::size_t kCapacity = 1024;
  std::vector<Id> ids_;
  std::size_t next_ = 0;
};

}  // namespace sslctx
