#include "accept_turns.h"

#include <sys/stat.h>

#include <algorithm>
#include <map>
#include <utility>

namespace sslctx {

namespace {

/// How many connections more than another one a thread may have before its turn is over in any case.
constexpr std::size_t kSlack = 32;

struct Registry {
  std::mutex mutex;
  std::map<std::pair<dev_t, ino_t>, std::weak_ptr<AcceptTurns>> entries;
};

// Never destroyed: threads may still end while the process does.
Registry& TheRegistry() {
  static auto* const registry = new Registry();
  return *registry;
}

}  // namespace

std::shared_ptr<AcceptTurns> AcceptTurns::Of(int fd) {
  struct stat socket{};
  if (fstat(fd, &socket) != 0) return std::make_shared<AcceptTurns>();
  Registry& registry = TheRegistry();
  const std::lock_guard lock(registry.mutex);
  std::erase_if(registry.entries, [](const auto& entry) { return entry.second.expired(); });
  std::weak_ptr<AcceptTurns>& entry = registry.entries[{socket.st_dev, socket.st_ino}];
  std::shared_ptr<AcceptTurns> turns = entry.lock();
  if (!turns) entry = turns = std::make_shared<AcceptTurns>();
  return turns;
}

void AcceptTurns::Join(Seat& seat, int fd) {
  const std::lock_guard lock(mutex_);
  seats_.push_back(&seat);
  const bool had_guard = guard_ != nullptr;
  if (seats_.size() > 1 && !had_guard) guard_ = AcceptGuard::Start(*this, fd);
  has_turns_ = guard_ != nullptr;
  if (!guard_)
    Give(nullptr);
  else
    Give(had_guard ? current_ : seats_.front());
}

void AcceptTurns::Leave(Seat& seat) {
  // Ends behind the lock, which it may be waiting for.
  std::unique_ptr<AcceptGuard> guard;
  const std::lock_guard lock(mutex_);
  if (std::erase(seats_, &seat) == 0) return;
  if (seat.is_armed) seat.watch.Disarm();
  seat.is_armed = false;
  if (seats_.size() < 2) guard = std::move(guard_);
  has_turns_ = guard_ != nullptr;
  if (!guard_)
    Give(nullptr);
  else if (current_ == &seat)
    Give(Least(seat, true));
}

bool AcceptTurns::PassOnFull(const Seat& seat) {
  if (!has_turns_) return false;
  const std::lock_guard lock(mutex_);
  Seat* const other = Least(seat, true);
  if (!guard_ || other == nullptr) return false;
  Give(other);
  return true;
}

void AcceptTurns::PassOn(Seat& seat, unsigned count) {
  if (!has_turns_ || count == 0) return;
  accepted_.fetch_add(count, std::memory_order_relaxed);
  const std::lock_guard lock(mutex_);
  // It was everyone's turn: now it is that of the first who came.
  if (guard_ && current_ == nullptr) Give(&seat);
  if (current_ != &seat) return;
  Seat* other = HasProcessorLeft() ? Least(seat, false) : nullptr;
  if (other == nullptr) {
    other = Least(seat, true);
    if (other == nullptr || seat.connections <= other->connections + kSlack) return;
  }
  Give(other);
}

void AcceptTurns::Alarm() {
  const std::lock_guard lock(mutex_);
  Give(nullptr);
}

void AcceptTurns::Give(Seat* seat) {
  current_ = seat;
  for (Seat* each : seats_) {
    const bool must = seat == nullptr || seat == each;
    if (must == each->is_armed) continue;
    if (!must) each->watch.Disarm();
    each->is_armed = must && each->watch.Arm();
  }
}

bool AcceptTurns::HasProcessorLeft() const {
  const auto working =
      std::count_if(seats_.begin(), seats_.end(), [](const Seat* seat) { return seat->is_working.load(); });
  return static_cast<std::size_t>(working) < processors_;
}

AcceptTurns::Seat* AcceptTurns::Least(const Seat& seat, bool may_be_working) const {
  Seat* least = nullptr;
  for (Seat* each : seats_) {
    if (each == &seat || each->IsFull() || (!may_be_working && each->is_working)) continue;
    if (least == nullptr || each->connections < least->connections) least = each;
  }
  return least;
}

}  // namespace sslctx
