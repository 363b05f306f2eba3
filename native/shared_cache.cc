#include "shared_cache.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "session_time.h"
#include "state.h"

namespace sslctx {

std::size_t SharedCache::Hash::operator()(const Key& key) const {
  return std::hash<std::string_view>()({reinterpret_cast<const char*>(key.data()), key.size()});
}

SharedCache::Key SharedCache::KeyOf(int version, std::span<const std::uint8_t> id) {
  Key key{};
  const std::size_t known = std::min<std::size_t>(id.size(), SSL_MAX_SSL_SESSION_ID_LENGTH);
  std::copy_n(id.begin(), known, key.begin());
  std::uint8_t* const rest = key.data() + SSL_MAX_SSL_SESSION_ID_LENGTH;
  rest[0] = static_cast<std::uint8_t>(known);
  rest[1] = static_cast<std::uint8_t>(version >> 8);
  rest[2] = static_cast<std::uint8_t>(version);
  return key;
}

SharedCache::Key SharedCache::KeyOf(const SSL_SESSION* session) {
  unsigned int length = 0;
  const unsigned char* const id = SSL_SESSION_get_id(session, &length);
  return KeyOf(SSL_SESSION_get_protocol_version(session), {id, length});
}

void SharedCache::Fill(SSL_SESSION* session, std::uint64_t number) {
  Slot& slot = slots_[KeyOf(session)];
  slot.session = ShareSession(session);
  slot.number = number;
  slot.is_added = true;
  last_ = std::max(last_, number);
}

void SharedCache::Put(SSL_SESSION* session, bool is_added) {
  Slot& slot = slots_[KeyOf(session)];
  if (slot.session.get() != session) slot.session = ShareSession(session);
  slot.number = ++last_;
  slot.is_added = is_added;
  slot.is_doubtful = false;
}

void SharedCache::TakeOut(SSL_CTX* ctx, SSL_SESSION* session) {
  const Working settling(settling_);
  SSL_CTX_remove_session(ctx, session);
}

void SharedCache::Settle(SSL_CTX* ctx) {
  if (!has_doubts_) return;
  const std::lock_guard one(changes_);
  std::vector<Key> keys;
  {
    const std::lock_guard lock(mutex_);
    keys.swap(doubtful_);
    has_doubts_ = false;
  }
  for (const Key& key : keys) {
    OwnedSession session;
    {
      const std::lock_guard lock(mutex_);
      const auto slot = slots_.find(key);
      if (slot == slots_.end() || !slot->second.is_doubtful) continue;
      session = std::move(slot->second.session);
      slots_.erase(slot);
    }
    TakeOut(ctx, session.get());
  }
}

int SharedCache::Add(SSL_CTX* ctx, SSL_SESSION* session, bool readding_moves) {
  const std::lock_guard one(changes_);
  const Working working(working_);
  const Key key = KeyOf(session);
  Slot before;
  bool was_cached = false;
  {
    // Before libssl has it: otherwise a removal by another thread might be told too early.
    const std::lock_guard lock(mutex_);
    Slot& slot = slots_[key];
    was_cached = slot.session.get() == session;
    before = std::move(slot);
    slot = {};
    slot.session = ShareSession(session);
    slot.number = ++last_;
    slot.is_pending = true;
    slot.is_added = true;
  }
  const int added = SSL_CTX_add_session(ctx, session);
  std::unique_lock lock(mutex_);
  Slot& slot = slots_[key];
  slot.is_pending = false;
  // One of the removals was that of the session as it was in the cache before.
  const unsigned int removals =
      std::exchange(slot.removals, 0) - (slot.removals > 0 && was_cached && added == 1 ? 1 : 0);
  if (removals > 0) {
    slots_.erase(key);
    lock.unlock();
    // Some of them may have come before.
    TakeOut(ctx, session);
  } else if (added == 0 && was_cached) {
    if (!readding_moves) slot.number = before.number;
  } else if (added == 0) {
    // Out of memory.
    if (before.session) {
      slot = std::move(before);
    } else {
      slots_.erase(key);
    }
  }
  return added;
}

int SharedCache::Remove(SSL_CTX* ctx, SSL_SESSION* session) {
  const std::lock_guard one(changes_);
  const Working working(working_);
  const int removed = SSL_CTX_remove_session(ctx, session);
  if (removed == 1) {
    const std::lock_guard lock(mutex_);
    removed_.Add(session);
  }
  return removed;
}

void SharedCache::Flush(SSL_CTX* ctx, std::int64_t time) {
  const std::lock_guard one(changes_);
  const Working working(working_);
  FlushSessions(ctx, time);
}

void SharedCache::OnAdded(SSL_SESSION* session) {
  const std::lock_guard lock(mutex_);
  const SessionTag* const tag = SessionTag::Find(session);
  if (tag == nullptr || !tag->was_removed) Put(session, false);
}

void SharedCache::BeforeAdded(SSL_SESSION* session) {
  const std::lock_guard lock(mutex_);
  Put(session, true);
}

bool SharedCache::OnRemoved(const SSL_SESSION* session) noexcept {
  const std::thread::id self = std::this_thread::get_id();
  if (settling_.load() == self) return false;
  try {
    const Key key = KeyOf(session);
    const std::lock_guard lock(mutex_);
    if (SessionTag* const tag = SessionTag::Find(session)) tag->was_removed = true;
    const auto slot = slots_.find(key);
    if (slot == slots_.end()) return true;
    if (slot->second.is_pending) {
      ++slot->second.removals;
    } else if (slot->second.is_added && working_.load() != self) {
      if (slot->second.is_doubtful) return true;
      doubtful_.push_back(key);
      slot->second.is_doubtful = true;
      has_doubts_ = true;
    } else {
      slots_.erase(slot);
    }
  } catch (...) {
    // Out of memory: the session stays listed until another one takes its place.
  }
  return true;
}

OwnedSession SharedCache::Find(std::span<const int> versions, std::span<const std::uint8_t> id) const {
  const std::lock_guard lock(mutex_);
  if (slots_.empty()) return nullptr;
  for (const int version : versions) {
    const auto slot = slots_.find(KeyOf(version, id));
    if (slot != slots_.end()) return ShareSession(slot->second.session.get());
  }
  return nullptr;
}

std::vector<CachedSession> SharedCache::All() const {
  const std::lock_guard lock(mutex_);
  std::vector<CachedSession> all;
  all.reserve(slots_.size());
  for (const auto& [key, slot] : slots_) all.push_back({ShareSession(slot.session.get()), slot.number});
  return all;
}

std::size_t SharedCache::Count() const {
  const std::lock_guard lock(mutex_);
  return slots_.size();
}

bool SharedCache::WasRemoved(std::span<const std::uint8_t> id) const {
  const std::lock_guard lock(mutex_);
  return removed_.Has(id);
}

}  // namespace sslctx
