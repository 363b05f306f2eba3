// What one thread does with contexts that all of them have.
#pragma once

#include <atomic>
#include <memory>
#include <random>
#include <span>
#include <vector>

#include "addon.h"
#include "endpoints.h"
#include "inbox.h"
#include "net/loop.h"
#include "state.h"
#include "ticket_ring.h"

namespace sslctx::threads {

/// IDs of sessions that the threads make and fight about.
inline constexpr unsigned int kIds = 48;

/// What all threads know.
struct World {
  struct Server {
    Profile profile;
    std::uint64_t serial;
  };
  std::vector<Server> servers;
  std::uint64_t client;
  std::shared_ptr<TicketRing> ring;

  std::atomic<std::uint64_t> operations{0};
  std::atomic<std::uint64_t> handshakes{0};
  std::atomic<std::uint64_t> failures{0};
  std::atomic<std::uint64_t> resumptions{0};
  std::atomic<std::uint64_t> messages{0};
  std::atomic<std::uint64_t> environments{0};
};

/// An environment with its inbox, without JavaScript. To be used, and to end, on the thread that has made it.
class Environment {
 public:
  Environment();
  ~Environment();
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

  Addon& addon() { return addon_; }
  const std::shared_ptr<Inbox>& inbox() const { return inbox_; }

  /// Takes over what another thread has shared.
  SSL_CTX* Join(std::uint64_t serial);
  /// What the event loop would do; returns how many messages there were.
  std::uint64_t ReadInbox();

 private:
  Addon addon_;
  Loop loop_;
  Awake awake_;
  std::shared_ptr<Inbox> inbox_;
  std::vector<std::uint64_t> serials_;
  std::vector<OwnedCtx> contexts_;
};

class Worker {
 public:
  Worker(World& world, std::uint32_t seed) : world_(world), random_(seed) {}

  /// Now and then in another environment than before.
  void Round(unsigned int operations);
  /// Leaves everything.
  void End() { Leave(); }

 private:
  unsigned int Pick(unsigned int count) { return std::uniform_int_distribution(0U, count - 1)(random_); }
  void Enter();
  void Leave();
  void Operate();
  void Handshake();
  void ChangeCache(ContextState& state);
  void UseRing();

  World& world_;
  std::mt19937 random_;
  std::unique_ptr<Environment> environment_;
  std::vector<SSL_CTX*> servers_;
  SSL_CTX* client_ = nullptr;
  /// Of each server, for the next connection.
  std::vector<std::vector<OwnedSession>> tickets_;
};

}  // namespace sslctx::threads
