// The only user of OpenSSL's thread-local error queue.
#pragma once

#include <cstddef>
#include <deque>
#include <string>

namespace sslctx {

struct QueuedError {
  unsigned long code;
  std::string file;
  int line;
  std::string function;
  std::string data;
  int flags;
};

/// What ERR_get_error reads in JavaScript. Every call into libssl moves the thread's queue here, so that the thread's
/// own queue is empty whenever JavaScript runs: SSL_get_error peeks that queue, and a Node that shares this libcrypto
/// would find our errors in it.
class ErrorQueue {
 public:
  /// Moves everything from the thread's queue; like OpenSSL's, this one keeps the latest 16.
  void Collect();
  void Clear() { errors_.clear(); }

  bool empty() const { return errors_.empty(); }
  const QueuedError& first() const { return errors_.front(); }
  const QueuedError& last() const { return errors_.back(); }
  void PopFirst() { errors_.pop_front(); }

  /// How many errors the thread's own queue holds; empties it. For tests.
  static std::size_t DrainThread();
  static void ClearThread();

  /// What libssl does not say of DER that goes on after its end.
  static void RaiseTrailingBytes();

  /// Keeps the thread's errors away from what a callback does in JavaScript, and puts them back: libssl raises the
  /// error before it sends the alert that calls the info callback, and SSL_get_error looks for it afterwards.
  class Suspended {
   public:
    Suspended() noexcept;
    ~Suspended();
    Suspended(const Suspended&) = delete;
    Suspended& operator=(const Suspended&) = delete;

   private:
    std::deque<QueuedError> errors_;
  };

 private:
  static void MoveFromThread(std::deque<QueuedError>& to);

  std::deque<QueuedError> errors_;
};

}  // namespace sslctx
