// What is in the cache of a context that several threads use.
#pragma once

#include <array>
#include <cstdint>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "openssl.h"
#include "removed_ids.h"

namespace sslctx {

struct CachedSession {
  OwnedSession session;
  /// Grows with each insertion.
  std::uint64_t number;
};

/// libssl's table must not be read without its lock, which is private (docs/hazards.md, H6): what other threads do to
/// it is followed here, by libssl's callbacks. Lock order: `changes_`, libssl's lock of the context, `mutex_`; nothing
/// is called with `mutex_` held but what frees a session.
class SharedCache {
 public:
  /// Before other threads know the context: `number` is that of the insertion.
  void Fill(SSL_SESSION* session, std::uint64_t number);

  /// SSL_CTX_add_session; `readding_moves`: as libssl does it with what is in the cache already.
  int Add(SSL_CTX* ctx, SSL_SESSION* session, bool readding_moves);
  /// SSL_CTX_remove_session.
  int Remove(SSL_CTX* ctx, SSL_SESSION* session);
  /// libssl has put it in by itself, unless another thread has removed it since.
  void OnAdded(SSL_SESSION* session);
  /// libssl is about to do so.
  void BeforeAdded(SSL_SESSION* session);
  /// libssl has removed a session of this version and ID.
  void OnRemoved(const SSL_SESSION* session) noexcept;

  OwnedSession Find(int version, const void* id, std::size_t length) const;
  std::vector<CachedSession> All() const;
  bool WasRemoved(const void* id, std::size_t length) const;

 private:
  struct Slot {
    OwnedSession session;
    std::uint64_t number = 0;
    /// Being added, and how many removals were told meanwhile.
    bool is_pending = false;
    unsigned int removals = 0;
  };
  /// The ID, its length and the version: what libssl compares.
  using Key = std::array<std::uint8_t, SSL_MAX_SSL_SESSION_ID_LENGTH + 3>;
  struct Hash {
    std::size_t operator()(const Key& key) const;
  };

  static Key KeyOf(int version, const void* id, std::size_t length);
  static Key KeyOf(const SSL_SESSION* session);
  void Put(SSL_SESSION* session);

  /// One at a time: what the callbacks tell in between can then be told apart.
  std::mutex changes_;
  mutable std::mutex mutex_;
  std::unordered_map<Key, Slot, Hash> slots_;
  std::uint64_t last_ = 0;
  RemovedIds removed_;
};

}  // namespace sslctx
