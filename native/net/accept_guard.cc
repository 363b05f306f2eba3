#include "accept_guard.h"

#ifdef __linux__

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>

#include <csignal>
#include <exception>

namespace sslctx {

namespace {

/// Longer than a turn of the event loop works on sockets, and than another process usually has the processor.
constexpr std::chrono::milliseconds kStep{5};
/// After an alarm that nobody has heeded.
constexpr std::chrono::milliseconds kLongStep{50};
/// Without a connection, before the guard sleeps until the next one.
constexpr int kQuietSteps = 2;

}  // namespace

std::unique_ptr<AcceptGuard> AcceptGuard::Start(Post& post, int fd) noexcept try {
  std::unique_ptr<AcceptGuard> guard(new AcceptGuard(post));
  guard->stop_.Reset(eventfd(0, EFD_CLOEXEC));
  guard->fd_.Reset(fcntl(fd, F_DUPFD_CLOEXEC, 0));
  if (!guard->stop_ || !guard->fd_) return nullptr;
  // Signals are for the threads that Node knows of.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  try {
    guard->thread_ = std::thread([raw = guard.get()] { raw->Run(); });
  } catch (const std::exception&) {
    guard.reset();
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return guard;
} catch (const std::exception&) {
  return nullptr;
}

AcceptGuard::~AcceptGuard() {
  if (!thread_.joinable()) return;
  eventfd_write(stop_.get(), 1);
  thread_.join();
}

void AcceptGuard::Run() const {
  // For those who look at the threads of a process.
  pthread_setname_np(pthread_self(), "sslctx-accept");
  for (;;) {
    pollfd either[] = {{fd_.get(), POLLIN, 0}, {stop_.get(), POLLIN, 0}};
    poll(either, 2, -1);
    if (either[1].revents != 0 || !WatchClosely()) return;
  }
}

bool AcceptGuard::WatchClosely() const {
  std::uint64_t before = post_.Progress();
  std::chrono::milliseconds step = kStep;
  for (int quiet = 0; quiet < kQuietSteps;) {
    if (!Sleep(step)) return false;
    const std::uint64_t now = post_.Progress();
    const bool is_left = now == before && IsSomeoneWaiting();
    if (is_left) post_.Alarm();
    step = is_left ? kLongStep : kStep;
    quiet = is_left || now != before ? 0 : quiet + 1;
    before = now;
  }
  return true;
}

bool AcceptGuard::Sleep(std::chrono::milliseconds time) const {
  pollfd stop{stop_.get(), POLLIN, 0};
  return poll(&stop, 1, static_cast<int>(time.count())) == 0;
}

bool AcceptGuard::IsSomeoneWaiting() const {
  pollfd waiting{fd_.get(), POLLIN, 0};
  return poll(&waiting, 1, 0) > 0;
}

}  // namespace sslctx

#else

namespace sslctx {

// Watches belong to one thread there: each must do its own watching.
std::unique_ptr<AcceptGuard> AcceptGuard::Start(Post&, int) noexcept { return nullptr; }
AcceptGuard::~AcceptGuard() = default;

}  // namespace sslctx

#endif
