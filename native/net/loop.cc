#include "loop.h"

#include <uv.h>

#include <new>

namespace sslctx {

void Loop::WhenClosed(void (*done)(void*), void* data) {
  if (open_ == 0) {
    done(data);
    return;
  }
  done_ = done;
  data_ = data;
}

void Loop::Closed() {
  if (--open_ == 0 && done_ != nullptr) done_(data_);
}

namespace {

/// Closes a libuv handle that is the first member of a `Handle`, which has a member `loop`.
template <typename Handle, typename UvHandle>
void CloseHandle(Handle* handle, UvHandle* uv) {
  uv->data = handle;
  uv_close(reinterpret_cast<uv_handle_t*>(uv), [](uv_handle_t* closed) {
    auto* const self = static_cast<Handle*>(closed->data);
    Loop* const loop = self->loop;
    if (--self->open != 0) return;
    delete self;
    loop->Closed();
  });
}

}  // namespace

struct Poll::Handle {
  uv_poll_t poll;
  Loop* loop;
  /// Not there any more when it is closing.
  Poll* owner;
  Callback callback;
  void* data;
  int open = 1;
};

int Poll::Open(Loop& loop, int fd, Callback callback, void* data) {
  auto* const handle = new (std::nothrow) Handle{{}, &loop, this, callback, data};
  if (handle == nullptr) return UV_ENOMEM;
  if (const int error = uv_poll_init(loop.get(), &handle->poll, fd); error != 0) {
    delete handle;
    return error;
  }
  handle->poll.data = handle;
  loop.Opened();
  handle_ = handle;
  return 0;
}

void Poll::Watch(bool readable, bool writable) {
  if (handle_ == nullptr) return;
  const auto events = static_cast<std::uint8_t>((readable ? UV_READABLE : 0) | (writable ? UV_WRITABLE : 0));
  if (events == events_) return;
  events_ = events;
  if (events == 0) {
    uv_poll_stop(&handle_->poll);
    return;
  }
  uv_poll_start(&handle_->poll, events, [](uv_poll_t* poll, int status, int ready) {
    const auto* const self = static_cast<Handle*>(poll->data);
    const bool failed = status != 0;
    // libuv has stopped. Reading tells the error, but only behind the data that came before it: so watching begins
    // anew.
    if (failed) self->owner->events_ = 0;
    self->callback(self->data, failed || (ready & UV_READABLE) != 0, failed || (ready & UV_WRITABLE) != 0);
  });
}

void Poll::Ref(bool on) {
  if (handle_ == nullptr) return;
  auto* const handle = reinterpret_cast<uv_handle_t*>(&handle_->poll);
  if (on) {
    uv_ref(handle);
  } else {
    uv_unref(handle);
  }
}

void Poll::Close() {
  if (handle_ == nullptr) return;
  CloseHandle(handle_, &handle_->poll);
  handle_ = nullptr;
  events_ = 0;
}

struct EachTurn::Handle {
  uv_check_t check;
  uv_idle_t idle;
  Loop* loop;
  Callback callback;
  void* data;
  int open = 2;
};

int EachTurn::Open(Loop& loop, Callback callback, void* data) {
  auto* const handle = new (std::nothrow) Handle{{}, {}, &loop, callback, data};
  if (handle == nullptr) return UV_ENOMEM;
  uv_check_init(loop.get(), &handle->check);
  uv_idle_init(loop.get(), &handle->idle);
  handle->check.data = handle;
  uv_check_start(&handle->check, [](uv_check_t* check) {
    const auto* const self = static_cast<Handle*>(check->data);
    self->callback(self->data);
  });
  uv_unref(reinterpret_cast<uv_handle_t*>(&handle->check));
  loop.Opened();
  handle_ = handle;
  return 0;
}

void EachTurn::Hurry(bool on) {
  if (handle_ == nullptr || on == hurries_) return;
  hurries_ = on;
  if (on) {
    // An idle handle does nothing, and keeps the loop from waiting.
    uv_idle_start(&handle_->idle, [](uv_idle_t*) {});
  } else {
    uv_idle_stop(&handle_->idle);
  }
}

void EachTurn::Close() {
  if (handle_ == nullptr) return;
  Handle* const handle = handle_;
  handle_ = nullptr;
  CloseHandle(handle, &handle->check);
  CloseHandle(handle, &handle->idle);
}

struct Ticker::Handle {
  uv_timer_t timer;
  Loop* loop;
  Callback callback;
  void* data;
  int open = 1;
};

int Ticker::Open(Loop& loop, Callback callback, void* data) {
  auto* const handle = new (std::nothrow) Handle{{}, &loop, callback, data};
  if (handle == nullptr) return UV_ENOMEM;
  uv_timer_init(loop.get(), &handle->timer);
  handle->timer.data = handle;
  uv_unref(reinterpret_cast<uv_handle_t*>(&handle->timer));
  loop.Opened();
  handle_ = handle;
  return 0;
}

void Ticker::Start(std::uint64_t milliseconds) {
  if (handle_ == nullptr || uv_is_active(reinterpret_cast<uv_handle_t*>(&handle_->timer)) != 0) return;
  uv_timer_start(
      &handle_->timer,
      [](uv_timer_t* timer) {
        const auto* const self = static_cast<Handle*>(timer->data);
        self->callback(self->data);
      },
      milliseconds, milliseconds);
}

void Ticker::Stop() {
  if (handle_ != nullptr) uv_timer_stop(&handle_->timer);
}

void Ticker::Close() {
  if (handle_ == nullptr) return;
  CloseHandle(handle_, &handle_->timer);
  handle_ = nullptr;
}

struct Awake::Handle {
  uv_async_t async;
  Loop* loop;
  Callback callback;
  void* data;
  int open = 1;
};

int Awake::Open(Loop& loop, Callback callback, void* data) {
  auto* const handle = new (std::nothrow) Handle{{}, &loop, callback, data};
  if (handle == nullptr) return UV_ENOMEM;
  const int error = uv_async_init(loop.get(), &handle->async, [](uv_async_t* async) {
    const auto* const self = static_cast<Handle*>(async->data);
    self->callback(self->data);
  });
  if (error != 0) {
    delete handle;
    return error;
  }
  handle->async.data = handle;
  uv_unref(reinterpret_cast<uv_handle_t*>(&handle->async));
  loop.Opened();
  handle_ = handle;
  return 0;
}

void Awake::Send() {
  if (handle_ != nullptr) uv_async_send(&handle_->async);
}

void Awake::Close() {
  if (handle_ == nullptr) return;
  CloseHandle(handle_, &handle_->async);
  handle_ = nullptr;
}

std::uint64_t LoopTime(const Loop& loop) { return uv_now(loop.get()); }

std::size_t AvailableProcessors() { return uv_available_parallelism(); }

}  // namespace sslctx
