// Tidings of other threads, on their way to JavaScript.
#pragma once

#include <memory>
#include <utility>

#include "context_views.h"
#include "inbox.h"
#include "net/reactor.h"

namespace sslctx {

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
