// Which of the threads that listen on one socket accepts. If all of them watched it, each connection would wake up all
// that sleep; EPOLLEXCLUSIVE has no effect in an epoll descriptor that is itself waited for, as those here are.
//
// One thread watches the socket at a time. With processors to spare, it hands the watch over to a thread that is not at
// work before it goes to work itself. Without, a second thread would only take time from the first one, and bring a
// heap and compiled code of its own into the caches: the watch stays where it is, while the numbers of connections do
// not drift apart. JavaScript can hold a thread up at any time: when connections are left waiting, all threads watch
// until one of them accepts.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "accept_guard.h"
#include "watch.h"

namespace sslctx {

class AcceptTurns final : private AcceptGuard::Post {
 public:
  /// One thread's place.
  struct Seat {
    Watch& watch;
    /// Doing something for its sockets.
    const std::atomic<bool>& is_working;
    std::atomic<std::size_t> connections{0};
    /// Of connections; 0 is none.
    std::atomic<std::size_t> limit{0};
    bool is_armed = false;

    bool IsFull() const { return limit != 0 && connections >= limit; }
  };

  AcceptTurns() = default;
  /// Those of a socket, for which the process may have several descriptors.
  static std::shared_ptr<AcceptTurns> Of(int fd);

  /// `fd` is the seat's descriptor of the socket, which it has until it has left.
  void Join(Seat& seat, int fd);
  void Leave(Seat& seat);
  /// `seat` has no room. Whether another one has: that one accepts from here on.
  bool PassOnFull(const Seat& seat);
  /// `seat` has accepted `count` connections, and goes to work.
  void PassOn(Seat& seat, unsigned count);

 private:
  std::uint64_t Progress() const override { return accepted_.load(std::memory_order_relaxed); }
  void Alarm() override;

  void Give(Seat* seat);
  bool HasProcessorLeft() const;
  /// The one with the fewest connections, of all others that have room.
  Seat* Least(const Seat& seat, bool may_be_working) const;

  const std::size_t processors_ = AvailableProcessors();
  std::atomic<std::uint64_t> accepted_{0};
  /// There is a guard. Without the lock: most sockets have one thread, whose every turn asks.
  std::atomic<bool> has_turns_{false};

  std::mutex mutex_;
  std::vector<Seat*> seats_;
  /// Whose turn it is; nullptr: everyone's.
  Seat* current_ = nullptr;
  std::unique_ptr<AcceptGuard> guard_;
};

}  // namespace sslctx
