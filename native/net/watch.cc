#include "watch.h"

#ifdef __linux__
#include <sys/epoll.h>
#include <unistd.h>
#endif

#include <cerrno>
#include <new>

namespace sslctx {

void Watch::Want(bool readable, bool writable) {
  if (set_ == nullptr) return;
  wanted_ = static_cast<std::uint8_t>((readable ? kReadable : 0) | (writable ? kWritable : 0));
  // There is nearly always room to write: that is not watched for longer than it is wanted.
  const bool is_enough = (wanted_ & ~watched_) == 0 && ((watched_ & ~wanted_) & kWritable) == 0;
  if (!is_enough) Start(wanted_);
  UpdateRef();
}

void Watch::Ref(bool on) {
  is_ref_ = on;
  if (set_ != nullptr) UpdateRef();
}

void Watch::OnReady(std::uint8_t ready, bool failed) {
  // After an error, reading tells which one.
  const bool is_wanted = (ready & wanted_) != 0 || (failed && wanted_ != 0);
  if (is_wanted) {
    callback_(data_, failed || (ready & kReadable) != 0, (ready & kWritable) != 0);
  } else {
    Start(wanted_);
  }
}

#ifdef __linux__

int WatchSet::Open() {
  if (epoll_ >= 0) return 0;
  epoll_ = epoll_create1(EPOLL_CLOEXEC);
  if (epoll_ < 0) return -errno;
  const int error =
      poll_.Open(loop_, epoll_, [](void* self, bool, bool) { static_cast<WatchSet*>(self)->Dispatch(); }, this);
  if (error != 0) {
    Close();
    return error;
  }
  poll_.Watch(true, false);
  poll_.Ref(false);
  return 0;
}

void WatchSet::Close() {
  poll_.Close();
  if (epoll_ >= 0) close(epoll_);
  epoll_ = -1;
}

void WatchSet::Dispatch() {
  // What does not fit comes in the next turn of the loop.
  constexpr int kMaxEvents = 1024;
  epoll_event events[kMaxEvents];
  const int count = epoll_wait(epoll_, events, kMaxEvents, 0);
  for (int i = 0; i < count; ++i) {
    const std::uint64_t key = events[i].data.u64;
    const Entry& entry = entries_[key & 0xffffffff];
    if (entry.watch == nullptr || entry.generation != key >> 32) continue;
    const std::uint32_t ready = events[i].events;
    const bool is_readable = (ready & (EPOLLIN | EPOLLRDHUP | EPOLLHUP)) != 0;
    const bool is_writable = (ready & (EPOLLOUT | EPOLLHUP)) != 0;
    entry.watch->OnReady(
        static_cast<std::uint8_t>((is_readable ? Watch::kReadable : 0) | (is_writable ? Watch::kWritable : 0)),
        (ready & EPOLLERR) != 0);
  }
}

void WatchSet::CountAlive(bool up) {
  alive_ = up ? alive_ + 1 : alive_ - 1;
  if (alive_ == (up ? 1 : 0)) poll_.Ref(up);
}

int Watch::Open(WatchSet& set, int fd, Callback callback, void* data) {
  if (const int error = set.Open(); error != 0) return error;
  const auto index = static_cast<std::size_t>(fd);
  try {
    if (set.entries_.size() <= index) set.entries_.resize(index + 1);
  } catch (const std::bad_alloc&) {
    return -ENOMEM;
  }
  set.entries_[index].watch = this;
  key_ = std::uint64_t{++set.entries_[index].generation} << 32 | static_cast<std::uint32_t>(fd);
  set_ = &set;
  fd_ = fd;
  callback_ = callback;
  data_ = data;
  return 0;
}

void Watch::Start(std::uint8_t events) {
  if (events == watched_ && is_known_ == (events != 0)) return;
  watched_ = events;
  epoll_event event{};
  event.events = ((events & kReadable) != 0 ? std::uint32_t{EPOLLIN} | EPOLLRDHUP : 0) |
                 ((events & kWritable) != 0 ? std::uint32_t{EPOLLOUT} : 0);
  event.data.u64 = key_;
  // Not only without events: the kernel would go on to tell of errors.
  const int operation = events == 0 ? EPOLL_CTL_DEL : is_known_ ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
  is_known_ = events != 0;
  if (epoll_ctl(set_->epoll_, operation, fd_, &event) == 0) return;
  // Out of kernel memory, or of watches (epoll(7), max_user_watches): the next wish tries again.
  watched_ = 0;
  is_known_ = false;
}

void Watch::WantWhenArmed() {
  wanted_ = kReadable;
  UpdateRef();
}

bool Watch::Arm() {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = key_;
  return epoll_ctl(set_->epoll_, EPOLL_CTL_ADD, fd_, &event) == 0;
}

void Watch::Disarm() {
  epoll_event event{};
  epoll_ctl(set_->epoll_, EPOLL_CTL_DEL, fd_, &event);
}

void Watch::UpdateRef() {
  const bool is_alive = is_ref_ && wanted_ != 0;
  if (is_alive == is_alive_) return;
  is_alive_ = is_alive;
  set_->CountAlive(is_alive);
}

void Watch::Close() {
  if (set_ == nullptr) return;
  wanted_ = 0;
  UpdateRef();
  // The kernel forgets a descriptor that is closed.
  set_->entries_[static_cast<std::size_t>(fd_)].watch = nullptr;
  set_ = nullptr;
  watched_ = 0;
  is_known_ = false;
}

#else

void WatchSet::Close() {}

int Watch::Open(WatchSet& set, int fd, Callback callback, void* data) {
  callback_ = callback;
  data_ = data;
  const int error = poll_.Open(
      set.loop_, fd,
      [](void* self, bool readable, bool writable) {
        const auto ready = static_cast<std::uint8_t>((readable ? kReadable : 0) | (writable ? kWritable : 0));
        static_cast<Watch*>(self)->OnReady(ready, false);
      },
      this);
  if (error != 0) return error;
  set_ = &set;
  fd_ = fd;
  return 0;
}

void Watch::Start(std::uint8_t events) {
  watched_ = events;
  poll_.Watch((events & kReadable) != 0, (events & kWritable) != 0);
}

void Watch::WantWhenArmed() {}

bool Watch::Arm() {
  Want(true, false);
  return true;
}

void Watch::Disarm() { Want(false, false); }

void Watch::UpdateRef() { poll_.Ref(is_ref_ && wanted_ != 0); }

void Watch::Close() {
  poll_.Close();
  set_ = nullptr;
  wanted_ = 0;
  watched_ = 0;
}

#endif

}  // namespace sslctx
