#include "inbox.h"

#include <utility>

namespace sslctx {

void Inbox::Open(Awake* awake) {
  const std::lock_guard lock(mutex_);
  awake_ = awake;
}

void Inbox::Close() {
  std::deque<Message> dropped;
  const std::lock_guard lock(mutex_);
  awake_ = nullptr;
  dropped.swap(messages_);
}

void Inbox::Post(Message message) noexcept {
  const std::lock_guard lock(mutex_);
  if (awake_ == nullptr) return;
  try {
    if (message.what != Tidings::kEnd && messages_.size() >= kCapacity) {
      ++lost_;
    } else {
      messages_.push_back(std::move(message));
    }
  } catch (...) {
    // Out of memory.
    ++lost_;
  }
  awake_->Send();
}

bool Inbox::Take(Message* message) {
  const std::lock_guard lock(mutex_);
  if (messages_.empty()) return false;
  *message = std::move(messages_.front());
  messages_.pop_front();
  return true;
}

bool Inbox::IsEmpty() {
  const std::lock_guard lock(mutex_);
  return messages_.empty();
}

std::uint64_t Inbox::TakeLost() {
  const std::lock_guard lock(mutex_);
  return std::exchange(lost_, 0);
}

}  // namespace sslctx
