// Tidings of other threads, on their way to JavaScript.
#pragma once

#include <memory>
#include <utility>

#include "context_views.h"
#include "inbox.h"
#include "net/reactor.h"
#include "openssl.h"

namespace sslctx {

/// From now on other threads may have the context as well: `addon` has made it, and hears of it through `inbox`.
void ShareContext(Addon& addon, SSL_CTX* ctx, const std::shared_ptr<Inbox>& inbox);

/// Another environment gets its part of a shared context.
void JoinContext(Addon& addon, const ContextState& state, napi_ref record, const std::shared_ptr<Inbox>& inbox);

/// The reactor's job of reading the inbox.
class InboxReader final : public Job {
 public:
  explicit InboxReader(std::shared_ptr<Inbox> inbox) : inbox_(std::move(inbox)) {}
  void Run(Call& call) noexcept override;

 private:
  template <typename Argument>
  static void Tell(Call& call, const ContextView& view, Tidings what, Argument argument);

  std::shared_ptr<Inbox> inbox_;
};

}  // namespace sslctx
