// The sockets of one environment: what is ready, how much of it is done in one turn of the loop, and the way to
// JavaScript.
#pragma once

#include <napi.h>

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "../call.h"
#include "descriptor.h"
#include "loop.h"
#include "watch.h"

namespace sslctx {

class Channel;
class Inbox;
class Listener;

/// What JavaScript is told of a channel. src/capi/channel.ts has the same list.
enum class Event : std::uint8_t {
  kSecure,
  kData,
  kEnd,
  kDrained,
  kFailed,
  kSystemError,
  kSession,
  kKeylog,
  kHello,
  kOutput,
  kConnected,
  kBuffer,
  kRenegotiated,
  kConfirmed,
  kFilled,
};

/// A unit of work that the loop does in its turn.
class Job {
 public:
  virtual void Run(Call& call) noexcept = 0;
  bool queued = false;

 protected:
  ~Job() = default;
};

class Reactor {
 public:
  /// The environment's own, made at first use.
  static Reactor& Of(Addon& addon);
  static Reactor* Existing(const Addon& addon);

  Reactor(const Reactor&) = delete;
  Reactor& operator=(const Reactor&) = delete;

  Addon& addon() const { return addon_; }
  Loop& loop() { return *loop_; }
  WatchSet& watches() { return watches_; }
  /// In a turn. For other threads.
  const std::atomic<bool>& is_working() const { return is_working_; }

  void SetDispatcher(Napi::Function dispatcher) { dispatcher_ = Napi::Persistent(dispatcher); }

  /// Calls JavaScript; what it throws is parked in `call`. Returns its answer, or undefined.
  Napi::Value Tell(Call& call, Event event, double id, double owner, napi_value first = nullptr,
                   napi_value second = nullptr);

  /// Makes JavaScript that is called from here on a callback of its own, behind which ticks and microtasks run. To be
  /// called before a scope of handles is opened: what Node keeps until the end of the turn must not be in it.
  void EnterJavaScript();

  /// Does `job` later in this turn, or in the next one when this one has been long enough.
  void Enqueue(std::shared_ptr<Job> job);

  double Add(std::shared_ptr<Channel> channel);
  std::shared_ptr<Channel> Find(double id) const;
  void Remove(double id);
  std::vector<std::shared_ptr<Channel>> All() const;

  double AddListener(std::shared_ptr<Listener> listener);
  std::shared_ptr<Listener> FindListener(double id) const;
  void RemoveListener(double id);

  /// Room for plaintext, in a buffer of JavaScript's: at least one record.
  struct Room {
    std::uint8_t* data;
    std::size_t size;
    std::size_t offset;
    /// Of one channel alone.
    bool is_own = false;
  };
  Room PlaintextRoom(Call& call);
  void UsedRoom(std::size_t length);

  /// Ciphertext on its way out: one channel at a time has it, for as long as it is at work.
  std::vector<std::uint8_t> scratch;
  const void* scratch_owner = nullptr;

  /// Checks for handshakes that take too long; until nothing is left to check.
  void WatchDeadlines() { ticker_.Start(kDeadlineStep); }

  /// Closes the channel for good when its peer has not done so for some seconds.
  void WatchLingering(double channel);

  /// Lets JavaScript hear in the next turn what a finalizer or a timer has put into the outbox, outside of any call.
  void DeliverLater();
  /// What other threads tell of contexts that they have as well. Opened once.
  std::shared_ptr<Inbox> OpenInbox();
  void ReadInbox() { Enqueue(inbox_reader_); }

  /// Lets the process have a descriptor again when it has run out of them, to turn one client away.
  void SpendReserve(int listening);

 private:
  explicit Reactor(Addon& addon);
  ~Reactor();

  void OnTurn();
  void OnTick();
  void RunJob(const std::shared_ptr<Job>& job);
  void Shutdown();

  static constexpr std::uint64_t kDeadlineStep = 100;

  Addon& addon_;
  std::unique_ptr<Loop> loop_;
  WatchSet watches_;
  EachTurn turn_;
  Ticker ticker_;
  Awake awake_;
  std::shared_ptr<Inbox> inbox_;
  std::shared_ptr<Job> delivery_;
  std::shared_ptr<Job> inbox_reader_;
  Napi::FunctionReference dispatcher_;
  Napi::ObjectReference resource_;
  napi_async_context async_ = nullptr;
  napi_async_cleanup_hook_handle cleanup_ = nullptr;
  napi_callback_scope scope_ = nullptr;
  std::atomic<bool> is_working_{false};
  bool in_turn_ = false;
  bool closing_ = false;
  FunctionData turn_data_;

  std::deque<std::shared_ptr<Job>> ready_;
  struct Lingering {
    double channel;
    std::uint64_t until;
  };
  std::deque<Lingering> lingering_;

  template <typename T>
  struct Slots {
    struct Slot {
      std::shared_ptr<T> item;
      std::uint32_t generation = 0;
    };
    std::vector<Slot> slots;
    std::vector<std::uint32_t> free;

    double Add(std::shared_ptr<T> item);
    std::shared_ptr<T> Find(double id) const;
    void Remove(double id);
  };
  Slots<Channel> channels_;
  Slots<Listener> listeners_;

  Napi::Reference<Napi::Buffer<std::uint8_t>> buffer_;
  std::uint8_t* buffer_data_ = nullptr;
  std::size_t buffer_used_ = 0;
  Descriptor reserve_;
};

}  // namespace sslctx
