#include "thread.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>

#include "session_cache.h"
#include "session_time.h"
#include "shared_contexts.h"
#include "sharing.h"

namespace sslctx::threads {

Environment::Environment() : addon_(Napi::Env(nullptr)), loop_(nullptr), inbox_(std::make_shared<Inbox>()) {
  if (awake_.Open(loop_, [](void*) {}, nullptr) != 0) std::abort();
  inbox_->Open(&awake_);
  addon_.inbox = inbox_;
}

Environment::~Environment() {
  // As Reactor::Shutdown, Handles::Close and Addon::Close do it.
  inbox_->Close();
  awake_.Close();
  contexts_.clear();
  for (const std::uint64_t serial : serials_) shared_contexts::Release(serial);
  addon_.Close();
}

SSL_CTX* Environment::Join(std::uint64_t serial) {
  contexts_.push_back(shared_contexts::Take(serial));
  SSL_CTX* const ctx = contexts_.back().get();
  if (ctx == nullptr) std::abort();
  const ContextState& state = *ContextState::Of(ctx);
  JoinContext(addon_, state, nullptr, inbox_);
  shared_contexts::Hold(ctx, serial);
  serials_.push_back(serial);
  const std::shared_ptr<ContextView> view = state.ViewOf(addon_);
  view->wants_new = true;
  view->wants_removed = true;
  return ctx;
}

std::uint64_t Environment::ReadInbox() {
  std::uint64_t count = inbox_->TakeLost();
  for (Inbox::Message message{}; inbox_->Take(&message); ++count) {
    if (message.what == Tidings::kEnd) addon_.Forget(message.context);
  }
  return count;
}

void Worker::Enter() {
  environment_ = std::make_unique<Environment>();
  ++world_.environments;
  for (const World::Server& server : world_.servers) servers_.push_back(environment_->Join(server.serial));
  client_ = environment_->Join(world_.client);
  tickets_.resize(servers_.size());
}

void Worker::Leave() {
  servers_.clear();
  client_ = nullptr;
  tickets_.clear();
  if (environment_) world_.messages += environment_->ReadInbox();
  environment_.reset();
}

void Worker::Round(unsigned int operations) {
  if (environment_ && Pick(4) == 0) Leave();
  if (!environment_) Enter();
  for (unsigned int i = 0; i < operations; ++i) Operate();
  world_.operations += operations;
  world_.messages += environment_->ReadInbox();
}

void Worker::Operate() {
  const unsigned int what = Pick(100);
  if (what < 8) {
    Handshake();
  } else if (what < 12) {
    UseRing();
  } else if (what < 13) {
    world_.messages += environment_->ReadInbox();
  } else {
    // The client's as well: libssl puts the sessions of clients into the cache, too.
    SSL_CTX* const ctx = Pick(5) == 0 ? client_ : servers_[Pick(static_cast<unsigned int>(servers_.size()))];
    ChangeCache(*ContextState::Of(ctx));
  }
}

void Worker::Handshake() {
  const unsigned int index = Pick(static_cast<unsigned int>(servers_.size()));
  std::vector<OwnedSession>& tickets = tickets_[index];
  OwnedSession offered;
  if (!tickets.empty() && Pick(4) != 0) {
    offered = std::move(tickets.back());
    tickets.pop_back();
  } else if (const auto all = AllCached(*ContextState::Of(client_)); !all.empty() && Pick(2) == 0) {
    // Another thread's.
    SSL_SESSION* const other = all[Pick(static_cast<unsigned int>(all.size()))].session.get();
    if (SSL_SESSION_up_ref(other) == 1) offered.reset(other);
  }
  const unsigned int end = Pick(6);
  const int version = world_.servers[index].profile.version;
  if (offered && SSL_SESSION_get_protocol_version(offered.get()) != version) offered.reset();
  Outcome outcome = Connect(environment_->addon(), servers_[index], client_, version, offered.get(),
                            end == 0   ? End::kAbrupt
                            : end == 1 ? End::kBroken
                                       : End::kClean);
  ++world_.handshakes;
  if (!outcome.done) ++world_.failures;
  if (outcome.reused) ++world_.resumptions;
  for (OwnedSession& session : outcome.sessions) tickets.push_back(std::move(session));
  if (tickets.size() > 4) tickets.erase(tickets.begin());
}

void Worker::ChangeCache(ContextState& state) {
  const unsigned int number = Pick(kIds);
  const OwnedSession like = MakeSession(number, std::time(nullptr) - static_cast<int>(Pick(100)), 60);
  switch (Pick(9)) {
    case 0:
    case 1:
      AddToCache(state, like.get());
      break;
    case 2:
      // The very one that is, or was, in the cache.
      if (const OwnedSession session = FindCached(state, like.get())) AddToCache(state, session.get());
      break;
    case 3:
      RemoveFromCache(state, like.get());
      break;
    case 4:
      if (const OwnedSession session = FindCached(state, like.get())) RemoveFromCache(state, session.get());
      break;
    case 5:
      if (const auto all = AllCached(state); !all.empty()) {
        SSL_SESSION* const session = all[Pick(static_cast<unsigned int>(all.size()))].session.get();
        Pick(2) == 0 ? AddToCache(state, session) : RemoveFromCache(state, session);
      }
      break;
    case 6:
      if (Pick(4) == 0) FlushCache(state, Pick(10) == 0 ? 0 : std::time(nullptr));
      break;
    case 7: {
      unsigned int length = 0;
      const unsigned char* const id = SSL_SESSION_get_id(like.get(), &length);
      FindCached(state, environment_->addon().lookup_key(), {id, length});
      WasRemoved(state, {id, length});
      break;
    }
    default:
      for (const CachedSession& each : AllCached(state)) {
        // What lists and exports read of another thread's session.
        if (i2d_SSL_SESSION(each.session.get(), nullptr) <= 0 || ExpiryOf(each.session.get()) == 0) std::abort();
      }
  }
}

void Worker::UseRing() {
  TicketRing& ring = *world_.ring;
  const std::string label = "user " + std::to_string(Pick(20));
  switch (Pick(6)) {
    case 0:
      ring.Add(std::vector<std::uint8_t>(32, static_cast<std::uint8_t>(Pick(256))), true, ring.Time());
      break;
    case 1:
      ring.Revoke(label, Pick(2) == 0 ? TicketRing::kNever : ring.Time() + 1);
      break;
    case 2:
      ring.IsRevoked(label);
      break;
    case 3:
      ring.SetClockOffset(ring.clock_offset() + Pick(3));
      break;
    case 4:
      if (ring.Keys().empty()) std::abort();
      break;
    default:
      ring.revocations();
      ring.counts();
  }
}

}  // namespace sslctx::threads
