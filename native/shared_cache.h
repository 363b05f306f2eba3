// What is in the cache of a context that several threads use.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <mutex>
#include <span>
#include <thread>
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
///
/// What a connection removes, libssl tells behind its lock: another thread may have added the same session meanwhile,
/// and which of both came first cannot be known. Then the removal wins: Settle takes the session out once more.
class SharedCache {
 public:
  /// Before other threads know the context: `number` is that of the insertion.
  void Fill(SSL_SESSION* session, std::uint64_t number);

  /// SSL_CTX_add_session; `readding_moves`: as libssl does it with what is in the cache already.
  int Add(SSL_CTX* ctx, SSL_SESSION* session, bool readding_moves);
  /// SSL_CTX_remove_session.
  int Remove(SSL_CTX* ctx, SSL_SESSION* session);
  /// SSL_CTX_flush_sessions.
  void Flush(SSL_CTX* ctx, std::int64_t time);
  /// libssl has put it in by itself, unless another thread has removed it since.
  void OnAdded(SSL_SESSION* session);
  /// libssl is about to do so.
  void BeforeAdded(SSL_SESSION* session);
  /// libssl has removed a session of this version and ID. False when that was Settle.
  bool OnRemoved(const SSL_SESSION* session) noexcept;
  /// To be called before what follows is asked, outside of libssl's lock.
  void Settle(SSL_CTX* ctx);

  /// That of the first of these versions.
  OwnedSession Find(std::span<const int> versions, std::span<const std::uint8_t> id) const;
  std::vector<CachedSession> All() const;
  std::size_t Count() const;
  bool WasRemoved(std::span<const std::uint8_t> id) const;

 private:
  struct Slot {
    OwnedSession session;
    std::uint64_t number = 0;
    /// Being added, and how many removals were told meanwhile.
    bool is_pending = false;
    unsigned int removals = 0;
    /// Put in by a call, and not by a handshake that has just made it.
    bool is_added = false;
    /// Added and removed, in an unknown order.
    bool is_doubtful = false;
  };
  /// Says whose the callbacks are that come.
  class Working {
   public:
    explicit Working(std::atomic<std::thread::id>& thread) : thread_(thread) { thread_ = std::this_thread::get_id(); }
    ~Working() { thread_ = std::thread::id(); }
    Working(const Working&) = delete;
    Working& operator=(const Working&) = delete;

   private:
    std::atomic<std::thread::id>& thread_;
  };
  /// The ID, its length and the version: what libssl compares.
  using Key = std::array<std::uint8_t, SSL_MAX_SSL_SESSION_ID_LENGTH + 3>;
  struct Hash {
    std::size_t operator()(const Key& key) const;
  };

  static Key KeyOf(int version, std::span<const std::uint8_t> id);
  static Key KeyOf(const SSL_SESSION* session);
  void Put(SSL_SESSION* session, bool is_added);
  void TakeOut(SSL_CTX* ctx, SSL_SESSION* session);

  /// One at a time: what the callbacks tell in between can then be told apart.
  std::mutex changes_;
  /// That changes the cache in a call, and that settles doubts.
  std::atomic<std::thread::id> working_{};
  std::atomic<std::thread::id> settling_{};
  std::atomic<bool> has_doubts_{false};
  mutable std::mutex mutex_;
  std::unordered_map<Key, Slot, Hash> slots_;
  std::vector<Key> doubtful_;
  std::uint64_t last_ = 0;
  RemovedIds removed_;
};

}  // namespace sslctx
