// What libssl says while it holds a context's lock: kept until JavaScript may run.
#pragma once

#include <napi.h>

#include <cstdint>
#include <deque>

#include "openssl.h"

namespace sslctx {

class Addon;
class Call;
struct ContextView;

/// Remove callbacks. libssl makes them inside SSL_CTX_add_session (eviction), SSL_CTX_flush_sessions and SSL_CTX_free
/// with the context's lock held: JavaScript that called back into the context there would deadlock or silently fail.
class Outbox {
 public:
  /// Never throws: called from libssl.
  void QueueRemoved(const ContextView& view, std::uint64_t context, SSL_SESSION* session) noexcept;

  /// Calls JavaScript for everything queued, in libssl's order. Exceptions are parked in `call`.
  void Deliver(Addon& addon, Call& call);

  bool empty() const { return removed_.empty(); }
  void Clear(Addon& addon);

 private:
  struct Removed {
    napi_ref record;
    OwnedSession session;
    /// Serial number of the context.
    std::uint64_t home;
  };
  std::deque<Removed> removed_;
};

}  // namespace sslctx
