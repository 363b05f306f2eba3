// Threads that share contexts, without Node: `sslctx_threads [threads] [rounds] [operations] [seed]`.
//
// In each round they add, remove, flush, look up and list the same few sessions, make real handshakes, change a ring of
// ticket keys and read their inboxes. Then all rest, and what the binding believes to be in each cache must be what is
// in libssl's table.
#include <algorithm>
#include <barrier>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>

#include "session_cache.h"
#include "shared_contexts.h"
#include "sharing.h"
#include "thread.h"

namespace sslctx::threads {

namespace {

constexpr Profile kServers[] = {
    {"TLS 1.2, stateful", TLS1_2_VERSION, true, true},
    {"TLS 1.3, stateful", TLS1_3_VERSION, true, true},
    {"TLS 1.2, tickets", TLS1_2_VERSION, false, true},
    {"TLS 1.3, tickets", TLS1_3_VERSION, false, true},
};
constexpr Profile kClient = {"client", 0, false, false};
/// Small, so that sessions are evicted.
constexpr long kCacheSize = 40;

/// While no thread uses it.
std::vector<const SSL_SESSION*> Table(SSL_CTX* ctx) {
  std::vector<const SSL_SESSION*> found;
  OPENSSL_LH_doall_arg(
      TableOf(ctx),
      [](void* session, void* list) {
        static_cast<std::vector<const SSL_SESSION*>*>(list)->push_back(static_cast<const SSL_SESSION*>(session));
      },
      &found);
  std::sort(found.begin(), found.end());
  return found;
}

bool Agrees(const char* name, SSL_CTX* ctx) {
  std::vector<const SSL_SESSION*> listed;
  for (const CachedSession& each : AllCached(*ContextState::Of(ctx))) listed.push_back(each.session.get());
  std::sort(listed.begin(), listed.end());
  const std::vector<const SSL_SESSION*> cached = Table(ctx);
  if (listed == cached) return true;
  std::vector<const SSL_SESSION*> unknown;
  std::vector<const SSL_SESSION*> gone;
  std::set_difference(cached.begin(), cached.end(), listed.begin(), listed.end(), std::back_inserter(unknown));
  std::set_difference(listed.begin(), listed.end(), cached.begin(), cached.end(), std::back_inserter(gone));
  std::fprintf(stderr, "%s: %zu cached, %zu listed: %zu not listed, %zu listed and not cached\n", name, cached.size(),
               listed.size(), unknown.size(), gone.size());
  return false;
}

struct Plan {
  unsigned int threads = 4;
  unsigned int rounds = 200;
  unsigned int operations = 200;
  std::uint32_t seed = 1;
};

int Run(const Plan& plan) {
  RegisterState();
  std::printf("%s, compiled for %s; %u threads, %u rounds of %u operations, seed %u\n",
              OpenSSL_version(OPENSSL_VERSION), OPENSSL_VERSION_TEXT, plan.threads, plan.rounds, plan.operations,
              plan.seed);
  World world;
  world.ring = std::make_shared<TicketRing>(TicketRing::Settings{3, 6, 16});
  auto owner = std::make_unique<Environment>();
  std::vector<OwnedCtx> contexts;
  const auto share = [&](const Profile& profile) {
    contexts.push_back(MakeContext(owner->addon(), profile,
                                   profile.stateful || !profile.is_server ? nullptr : world.ring, kCacheSize));
    SSL_CTX* const ctx = contexts.back().get();
    // Some are there before.
    for (unsigned int id = 0; id < kIds / 2; ++id) {
      AddToCache(*ContextState::Of(ctx), MakeSession(id, std::time(nullptr), 60).get());
    }
    ShareContext(owner->addon(), ctx, owner->inbox());
    return ContextState::Of(ctx)->serial;
  };
  world.ring->Add(std::vector<std::uint8_t>(32, 1), true, 0);
  for (const Profile& profile : kServers) world.servers.push_back({profile, share(profile)});
  world.client = share(kClient);

  unsigned int disagreements = 0;
  unsigned int round = 0;
  const auto rest = [&]() noexcept {
    for (std::size_t i = 0; i < contexts.size(); ++i) {
      if (Agrees(i < std::size(kServers) ? kServers[i].name : kClient.name, contexts[i].get())) continue;
      std::fprintf(stderr, "  after round %u\n", round);
      ++disagreements;
    }
    ++round;
    // The environment that made them ends in the middle, and their last references are those of the threads.
    if (round == plan.rounds) contexts.clear();
  };
  std::barrier gate(plan.threads, rest);
  std::vector<std::thread> threads;
  for (unsigned int i = 0; i < plan.threads; ++i) {
    threads.emplace_back([&, i] {
      {
        Worker worker(world, plan.seed * 1000 + i);
        for (unsigned int each = 0; each < plan.rounds; ++each) {
          worker.Round(plan.operations);
          gate.arrive_and_wait();
        }
        worker.End();
      }
      OPENSSL_thread_stop();
    });
  }
  for (std::thread& thread : threads) thread.join();
  world.messages += owner->ReadInbox();
  for (const World::Server& server : world.servers) shared_contexts::Release(server.serial);
  shared_contexts::Release(world.client);
  world.messages += owner->ReadInbox();
  owner.reset();

  const LiveObjects live = CountLive();
  std::printf(
      "%llu operations, %llu handshakes (%llu resumed, %llu failed), %llu messages, %llu environments; "
      "%u disagreements; left: %lld contexts, %lld connections, %lld sessions\n",
      static_cast<unsigned long long>(world.operations), static_cast<unsigned long long>(world.handshakes),
      static_cast<unsigned long long>(world.resumptions), static_cast<unsigned long long>(world.failures),
      static_cast<unsigned long long>(world.messages), static_cast<unsigned long long>(world.environments),
      disagreements, static_cast<long long>(live.contexts), static_cast<long long>(live.connections),
      static_cast<long long>(live.sessions));
  // One context lists ciphers for MakeSession.
  const bool is_clean = live.contexts == 1 && live.connections == 0 && live.sessions == 0;
  return disagreements == 0 && is_clean && world.resumptions > 0 && world.messages > 0 ? 0 : 1;
}

}  // namespace

}  // namespace sslctx::threads

int main(int count, char** arguments) {
  sslctx::threads::Plan plan;
  unsigned int* const places[] = {&plan.threads, &plan.rounds, &plan.operations, &plan.seed};
  for (int i = 1; i < count && i <= 4; ++i) *places[i - 1] = static_cast<unsigned int>(std::stoul(arguments[i]));
  return sslctx::threads::Run(plan);
}
