// In which order sessions came into a cache's list.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "openssl.h"

namespace sslctx {

/// libssl sorts its list by expiry, and among equals the latest insertion comes first; but the list is private, and a
/// session has no cheap room for a number. So the numbers are here, by address.
///
/// Nothing is taken out when libssl drops a session: what it has dropped falls out when the table is made anew, and
/// where an address is used again, its next insertion overwrites the number.
class InsertionOrder {
 public:
  /// Makes room for one more insertion. The context is the one whose cache this is: its table is walked now and then.
  void Reserve(SSL_CTX* ctx) {
    if (used_ >= limit_) [[unlikely]]
      Rebuild(ctx, 1);
  }
  /// The same for many.
  void Reserve(SSL_CTX* ctx, std::size_t count) {
    if (limit_ - used_ < count) Rebuild(ctx, count);
  }

  /// For an empty cache.
  void Clear() {
    slots_.assign(slots_.size(), Slot());
    used_ = 0;
  }

  /// Starts to load what Insert will write: while libssl works, that comes for free.
  void Prefetch(const SSL_SESSION* session) const { __builtin_prefetch(&slots_[PlaceOf(session)], 1); }

  /// After Reserve. The session is the latest.
  void Insert(const SSL_SESSION* session) {
    Slot& slot = Find(session);
    if (slot.session == nullptr) {
      slot.session = session;
      ++used_;
    }
    slot.number = ++last_;
  }

  /// Grows with each insertion; 0 for a session that was never inserted.
  std::uint64_t Of(const SSL_SESSION* session) const {
    return slots_.empty() ? 0 : const_cast<InsertionOrder*>(this)->Find(session).number;
  }

 private:
  struct Slot {
    const SSL_SESSION* session = nullptr;
    std::uint64_t number = 0;
  };

  // Sessions lie at multiples of 16, and close to each other: the upper bits of the product depend on all others.
  std::size_t PlaceOf(const SSL_SESSION* session) const {
    return (reinterpret_cast<std::uintptr_t>(session) * 0x9E3779B97F4A7C15U) >> shift_;
  }

  Slot& Find(const SSL_SESSION* session) {
    std::size_t place = PlaceOf(session);
    while (slots_[place].session != session && slots_[place].session != nullptr) {
      place = (place + 1) & (slots_.size() - 1);
    }
    return slots_[place];
  }

  void Rebuild(SSL_CTX* ctx, std::size_t more);

  std::vector<Slot> slots_;
  std::size_t used_ = 0;
  /// At three quarters it gets slow.
  std::size_t limit_ = 0;
  unsigned int shift_ = 0;
  std::uint64_t last_ = 0;
};

}  // namespace sslctx
