// What sockets are ready. On Linux, one epoll descriptor for all of them, which the event loop watches in their place:
// a uv_poll_t of its own would cost each connection five more system calls. Elsewhere, one uv_poll_t each.
#pragma once

#include <cstdint>
#include <vector>

#include "loop.h"

namespace sslctx {

class Watch;

/// The watched sockets of one event loop.
class WatchSet {
 public:
  explicit WatchSet(Loop& loop) : loop_(loop) {}
  ~WatchSet() { Close(); }
  WatchSet(const WatchSet&) = delete;
  WatchSet& operator=(const WatchSet&) = delete;

  /// All watches must be closed.
  void Close();

 private:
  friend class Watch;

  Loop& loop_;
#ifdef __linux__
  /// The kernel's answers name a descriptor and its generation: it may have been closed, and opened as another one.
  struct Entry {
    Watch* watch = nullptr;
    std::uint32_t generation = 0;
  };

  int Open();
  void Dispatch();
  void CountAlive(bool up);

  int epoll_ = -1;
  Poll poll_;
  std::vector<Entry> entries_;
  std::size_t alive_ = 0;
#endif
};

/// Watches one socket.
class Watch {
 public:
  using Callback = void (*)(void* data, bool readable, bool writable);

  Watch() = default;
  ~Watch() { Close(); }
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

  /// Returns 0 or a negative errno.
  int Open(WatchSet& set, int fd, Callback callback, void* data);
  /// Which events to tell; the loop is kept alive by a socket that is watched, unless Ref(false).
  void Want(bool readable, bool writable);
  void Ref(bool on);
  /// Want(true, false), but watched between Arm and Disarm only. On Linux, any thread may call those two, one at a
  /// time, until Close.
  void WantWhenArmed();
  /// Whether it is watched now.
  bool Arm();
  void Disarm();
  /// The callback is not called any more. The descriptor must be closed next.
  void Close();

 private:
  friend class WatchSet;
  enum : std::uint8_t { kReadable = 1, kWritable = 2 };

  void OnReady(std::uint8_t ready, bool failed);
  void Start(std::uint8_t events);
  void UpdateRef();

  WatchSet* set_ = nullptr;
  int fd_ = -1;
  Callback callback_ = nullptr;
  void* data_ = nullptr;
  std::uint8_t wanted_ = 0;
  /// What the system watches. To change it takes a system call, so an event that is no longer wanted ends its watch.
  std::uint8_t watched_ = 0;
  bool is_ref_ = true;
#ifdef __linux__
  /// What the kernel answers with.
  std::uint64_t key_ = 0;
  bool is_known_ = false;
  bool is_alive_ = false;
#else
  Poll poll_;
#endif
};

}  // namespace sslctx
