// Sees to it that the connections of a listening socket do not wait for a thread that does not come.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <thread>

#include "descriptor.h"

namespace sslctx {

class AcceptGuard {
 public:
  /// What it guards. Called on the guard's own thread.
  class Post {
   public:
    /// Changes whenever somebody accepts.
    virtual std::uint64_t Progress() const = 0;
    /// Connections are left waiting.
    virtual void Alarm() = 0;

   protected:
    ~Post() = default;
  };

  /// nullptr for want of memory, threads or descriptors. `fd` remains the caller's.
  static std::unique_ptr<AcceptGuard> Start(Post& post, int fd) noexcept;
  /// Waits for the guard's thread: not under a lock that the post takes.
  ~AcceptGuard();
  AcceptGuard(const AcceptGuard&) = delete;
  AcceptGuard& operator=(const AcceptGuard&) = delete;

 private:
  explicit AcceptGuard(Post& post) : post_(post) {}
  void Run() const;
  /// Returns when there is nothing to guard for the moment; false when it is over.
  bool WatchClosely() const;
  bool Sleep(std::chrono::milliseconds time) const;
  bool IsSomeoneWaiting() const;

  Post& post_;
  Descriptor fd_;
  Descriptor stop_;
  std::thread thread_;
};

}  // namespace sslctx
