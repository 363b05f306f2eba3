// Many sessions in and out of a cache, a slice of them in each call: the event loop goes on in between.
#pragma once

#include <napi.h>

#include <chrono>
#include <cstdint>
#include <queue>
#include <span>
#include <vector>

#include "openssl.h"
#include "session_cache.h"
#include "state.h"

namespace sslctx {

/// The sessions that a cache had at one time, on their way to DER. Each stands behind its length, four bytes.
class SessionExport {
 public:
  static constexpr napi_type_tag kTag{0x8d1f3c0a52e94b61, 0x9a70c4d28ee15f03};
  static constexpr const char* kName = "session export";

  explicit SessionExport(const ContextState& state);

  struct Written {
    std::size_t bytes = 0;
    std::uint32_t sessions = 0;
  };
  /// Fills `out` with as many as fit, expired ones left out. Nothing is written when all have been.
  Written Next(std::span<std::uint8_t> out, std::int64_t now);

  /// Those that have no DER, or a longer one than an empty `out` had room for.
  std::uint32_t skipped() const { return skipped_; }
  std::uint32_t expired() const { return expired_; }

 private:
  std::vector<CachedSession> sessions_;
  std::size_t next_ = 0;
  std::uint32_t skipped_ = 0;
  std::uint32_t expired_ = 0;
};

/// Sessions on their way into a cache. They are read first and added later, those that expire first before the others:
/// libssl's list is sorted, and an insertion at its head is the only one that takes no walk.
class SessionImport {
 public:
  static constexpr napi_type_tag kTag{0x1c6be7a94d0f4e88, 0xb25d90317fa86ce4};
  static constexpr const char* kName = "session import";

  struct Counts {
    std::uint32_t staged = 0;
    std::uint32_t added = 0;
    std::uint32_t expired = 0;
    std::uint32_t other_id_context = 0;
    std::uint32_t unreadable = 0;
    std::uint32_t duplicate = 0;
    std::uint32_t no_room = 0;
  };

  /// Reads what SessionExport has written. False for bytes that it cannot have written.
  bool Read(const ContextState& state, std::span<const std::uint8_t> bytes, std::int64_t now, bool any_id_context);

  /// Adds sessions until the time is over. True when there are no more.
  bool Add(ContextState& state, std::chrono::microseconds time);

  /// Gives sessions back until the time is over. True when there are no more.
  bool Drop(std::chrono::microseconds time);

  const Counts& counts() const { return counts_; }

 private:
  struct Entry {
    std::int64_t expiry;
    OwnedSession session;
  };
  /// Sorted, those that expire first at the end.
  using Run = std::vector<Entry>;
  struct Head {
    std::int64_t expiry;
    std::size_t run;
    bool operator<(const Head& other) const { return expiry > other.expiry; }
  };

  void Begin(const ContextState& state);
  OwnedSession Take();
  void AddOne(ContextState& state, OwnedSession session);

  std::vector<Run> runs_;
  std::priority_queue<Head> heads_;
  bool has_begun_ = false;
  /// How many of the first to expire the cache has no room for.
  std::uint32_t surplus_ = 0;
  Counts counts_;
};

}  // namespace sslctx
