// A file descriptor and whose it is.
#pragma once

#include <unistd.h>

namespace sslctx {

/// Closes it unless somebody takes it over. Negative is none.
class Descriptor {
 public:
  explicit Descriptor(int fd = -1) : fd_(fd) {}
  ~Descriptor() { Reset(); }
  Descriptor(Descriptor&& other) noexcept : fd_(other.Release()) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }
  void Reset(int fd = -1) {
    if (fd_ >= 0) close(fd_);
    fd_ = fd;
  }
  int Release() {
    const int taken = fd_;
    fd_ = -1;
    return taken;
  }

 private:
  int fd_;
};

}  // namespace sslctx
