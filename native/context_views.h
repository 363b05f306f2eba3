// What each thread has to do with a context.
#pragma once

#include <napi.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "inbox.h"
#include "openssl.h"

namespace sslctx {

class Addon;
class ContextViews;
struct ContextState;

/// One environment's part in a context. It lives as long as both of them.
struct ContextView {
  Addon* addon;
  /// Weak: JavaScript's callback record, held by the environment's handles of the context and of its connections.
  napi_ref record;
  /// As long as no other environment has one.
  ContextState* state;
  std::shared_ptr<ContextViews> all;
  std::shared_ptr<Inbox> inbox;
  std::thread::id thread = std::this_thread::get_id();
  std::atomic<bool> wants_new{false};
  std::atomic<bool> wants_removed{false};

  ContextView(Addon& environment, napi_ref callbacks, ContextState* own)
      : addon(&environment), record(callbacks), state(own) {}
};

/// Those of one context. The context's own threads come and go: any of them may be the last.
class ContextViews {
 public:
  void Add(std::shared_ptr<ContextView> view);
  void Drop(const ContextView* view);
  std::shared_ptr<ContextView> Of(const Addon& addon) const;

  /// Tells the other threads. Never throws, and takes no lock of libssl's: called from its callbacks.
  /// Returns the view of this thread, when it wants to know as well.
  std::shared_ptr<ContextView> Tell(Tidings what, std::uint64_t context, SSL_SESSION* session) noexcept;

  /// The context is gone: each view leaves its environment, on that one's thread.
  void End(std::uint64_t context) noexcept;

 private:
  mutable std::mutex mutex_;
  std::vector<std::shared_ptr<ContextView>> views_;
};

}  // namespace sslctx
