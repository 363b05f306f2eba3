// What other threads have to tell one environment.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>

#include "net/loop.h"
#include "openssl.h"

namespace sslctx {

/// src/capi/sharing.ts has the same list.
enum class Tidings : std::uint8_t {
  kNewSession,
  kRemovedSession,
  /// The context is gone.
  kEnd,
  /// To JavaScript only: there was more than fits.
  kLost,
};

class Inbox {
 public:
  struct Message {
    Tidings what;
    std::uint64_t context;
    OwnedSession session;
  };

  /// `awake` calls back on the environment's own thread after Post.
  void Open(Awake* awake);
  /// Nothing comes any more.
  void Close();

  /// On any thread.
  void Post(Message message) noexcept;

  /// On the environment's own. False when there is nothing.
  bool Take(Message* message);
  bool IsEmpty();
  /// How many did not fit since the last time.
  std::uint64_t TakeLost();

 private:
  /// Each holds a session: a thread that does not get to its event loop must not make the process grow for ever.
  static constexpr std::size_t kCapacity = 65'536;

  std::mutex mutex_;
  std::deque<Message> messages_;
  Awake* awake_ = nullptr;
  std::uint64_t lost_ = 0;
};

}  // namespace sslctx
