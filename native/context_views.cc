#include "context_views.h"

#include <algorithm>
#include <utility>

namespace sslctx {

void ContextViews::Add(std::shared_ptr<ContextView> view) {
  const std::lock_guard lock(mutex_);
  views_.push_back(std::move(view));
}

void ContextViews::Drop(const ContextView* view) {
  const std::lock_guard lock(mutex_);
  std::erase_if(views_, [&](const auto& each) { return each.get() == view; });
}

std::shared_ptr<ContextView> ContextViews::Of(const Addon& addon) const {
  const std::lock_guard lock(mutex_);
  for (const auto& view : views_) {
    if (view->addon == &addon) return view;
  }
  return nullptr;
}

std::shared_ptr<ContextView> ContextViews::Tell(Tidings what, std::uint64_t context, SSL_SESSION* session) noexcept {
  std::shared_ptr<ContextView> own;
  const std::lock_guard lock(mutex_);
  for (const auto& view : views_) {
    if (!(what == Tidings::kNewSession ? view->wants_new : view->wants_removed)) continue;
    if (!own && view->thread == std::this_thread::get_id()) {
      own = view;
    } else if (SSL_SESSION_up_ref(session) == 1) {
      view->inbox->Post({what, context, OwnedSession(session)});
    }
  }
  return own;
}

void ContextViews::End(std::uint64_t context) noexcept {
  const std::lock_guard lock(mutex_);
  for (const auto& view : views_) view->inbox->Post({Tidings::kEnd, context, nullptr});
  views_.clear();
}

}  // namespace sslctx
