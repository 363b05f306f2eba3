// Node's event loop, as far as sockets need it. The implementation is the only code that sees libuv's headers: they lie
// beside those of Node's own OpenSSL, which must not come near the rest (see ../openssl.h).
#pragma once

#include <cstddef>
#include <cstdint>

struct uv_loop_s;

namespace sslctx {

/// One event loop, and the libuv handles that are open on it. libuv gives a handle's memory back only later on, in the
/// loop: the object outlives its owner until the last handle is closed.
class Loop {
 public:
  explicit Loop(uv_loop_s* loop) : loop_(loop) {}
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  uv_loop_s* get() const { return loop_; }

  /// Calls `done(data)` as soon as no handle is open.
  void WhenClosed(void (*done)(void* data), void* data);

  void Opened() { ++open_; }
  void Closed();

 private:
  uv_loop_s* loop_;
  std::uint32_t open_ = 0;
  void (*done_)(void*) = nullptr;
  void* data_ = nullptr;
};

/// Watches one file descriptor.
class Poll {
 public:
  using Callback = void (*)(void* data, bool readable, bool writable);

  Poll() = default;
  ~Poll() { Close(); }
  Poll(const Poll&) = delete;
  Poll& operator=(const Poll&) = delete;

  /// Returns 0 or a negative errno.
  int Open(Loop& loop, int fd, Callback callback, void* data);
  /// Which events to tell; the loop is kept alive by a descriptor that is watched, unless Ref(false).
  void Watch(bool readable, bool writable);
  void Ref(bool on);
  /// The callback is not called any more, and the descriptor may be closed.
  void Close();

 private:
  struct Handle;
  Handle* handle_ = nullptr;
  /// Those that libuv watches now.
  std::uint8_t events_ = 0;
};

/// Called once in each turn of the loop, behind all that was ready in it.
class EachTurn {
 public:
  using Callback = void (*)(void* data);

  EachTurn() = default;
  ~EachTurn() { Close(); }
  EachTurn(const EachTurn&) = delete;
  EachTurn& operator=(const EachTurn&) = delete;

  int Open(Loop& loop, Callback callback, void* data);
  /// Whether the next turn must come without waiting for anything.
  void Hurry(bool on);
  void Close();

 private:
  struct Handle;
  Handle* handle_ = nullptr;
  bool hurries_ = false;
};

/// Calls back again and again, and keeps no process alive.
class Ticker {
 public:
  using Callback = void (*)(void* data);

  Ticker() = default;
  ~Ticker() { Close(); }
  Ticker(const Ticker&) = delete;
  Ticker& operator=(const Ticker&) = delete;

  int Open(Loop& loop, Callback callback, void* data);
  void Start(std::uint64_t milliseconds);
  void Stop();
  void Close();

 private:
  struct Handle;
  Handle* handle_ = nullptr;
};

/// Calls back on the loop's thread when any thread has asked for it, once or more. Keeps no process alive.
class Awake {
 public:
  using Callback = void (*)(void* data);

  Awake() = default;
  ~Awake() { Close(); }
  Awake(const Awake&) = delete;
  Awake& operator=(const Awake&) = delete;

  int Open(Loop& loop, Callback callback, void* data);
  /// On any thread, but not at the same time as Close.
  void Send();
  void Close();

 private:
  struct Handle;
  Handle* handle_ = nullptr;
};

/// Milliseconds of the loop's clock, as of the beginning of its turn.
std::uint64_t LoopTime(const Loop& loop);

/// That this process may use.
std::size_t AvailableProcessors();

}  // namespace sslctx
