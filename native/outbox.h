// What libssl says while it holds a context's lock: kept until JavaScript may run.
#pragma once

#include <napi.h>

#include <deque>

#include "openssl.h"

namespace sslctx {

class Addon;
class Call;

/// Remove callbacks. libssl makes them inside SSL_CTX_add_session (eviction), SSL_CTX_flush_sessions and SSL_CTX_free
/// with the context's lock held: JavaScript that called back into the context there would deadlock or silently fail.
class Outbox {
 public:
  /// `record` is the context's callback record. Never throws: called from libssl.
  void QueueRemoved(Addon& addon, napi_ref record, SSL_SESSION* session) noexcept;

  /// Calls JavaScript for everything queued, in libssl's order. Exceptions are parked in `call`.
  void Deliver(Addon& addon, Call& call);

  bool empty() const { return removed_.empty(); }
  void Clear(Addon& addon);

 private:
  struct Removed {
    napi_ref record;
    OwnedSession session;
  };
  std::deque<Removed> removed_;
};

}  // namespace sslctx
