#include "session_cache.h"

#include <utility>

#include "session_time.h"

namespace sslctx {

namespace {

constexpr int kVersions[] = {TLS1_3_VERSION, TLS1_2_VERSION, TLS1_1_VERSION, TLS1_VERSION, SSL3_VERSION};

/// Of a context that several threads have.
SharedCache& Shared(const ContextState& state) {
  state.shared->Settle(state.ctx);
  return *state.shared;
}

SSL_SESSION* Retrieve(const ContextState& state, const SSL_SESSION* like) {
  return static_cast<SSL_SESSION*>(OPENSSL_LH_retrieve(TableOf(state.ctx), like));
}

}  // namespace

bool ReAddingMoves() {
  static const bool moves = [] {
    const Owned<SSL_CTX, SSL_CTX_free> ctx(SSL_CTX_new(TLS_method()));
    if (!ctx) return false;
    SSL_CTX_set_session_cache_mode(ctx.get(), SSL_SESS_CACHE_BOTH);
    OwnedSession sessions[2];
    for (unsigned char id = 0; id < 2; ++id) {
      sessions[id].reset(SSL_SESSION_new());
      if (!sessions[id]) return false;
      SSL_SESSION_set_protocol_version(sessions[id].get(), TLS1_2_VERSION);
      SSL_SESSION_set1_id(sessions[id].get(), &id, 1);
      SetTimeOf(sessions[id].get(), 1);
      SSL_SESSION_set_timeout(sessions[id].get(), 1);
      SSL_CTX_add_session(ctx.get(), sessions[id].get());
    }
    SSL_CTX_add_session(ctx.get(), sessions[0].get());
    // Size 3 holds two: the next one pushes out the last of the list.
    SSL_CTX_sess_set_cache_size(ctx.get(), 3);
    const OwnedSession third(SSL_SESSION_new());
    const unsigned char id = 2;
    if (!third) return false;
    SSL_SESSION_set_protocol_version(third.get(), TLS1_2_VERSION);
    SSL_SESSION_set1_id(third.get(), &id, 1);
    SSL_CTX_add_session(ctx.get(), third.get());
    return SSL_CTX_remove_session(ctx.get(), sessions[1].get()) == 0;
  }();
  return moves;
}

int AddToShared(ContextState& state, SSL_SESSION* session) {
  // Before other threads can see it: afterwards it would be too late to make one.
  SessionTag::Of(session);
  return Shared(state).Add(state.ctx, session, ReAddingMoves());
}

int RemoveFromCache(ContextState& state, SSL_SESSION* session) {
  if (state.shared) return Shared(state).Remove(state.ctx, session);
  const int removed = SSL_CTX_remove_session(state.ctx, session);
  if (removed == 1) {
    if (!state.removed) state.removed = std::make_unique<RemovedIds>();
    state.removed->Add(session);
  }
  return removed;
}

void FlushCache(ContextState& state, std::int64_t time) {
  if (state.shared) {
    Shared(state).Flush(state.ctx, time);
  } else {
    FlushSessions(state.ctx, time);
  }
}

void NoteAdded(ContextState& state, SSL_SESSION* session) {
  if (state.shared) {
    state.shared->OnAdded(session);
    return;
  }
  state.order.Reserve(state.ctx);
  state.order.Insert(session);
}

void NoteBeforeAdded(ContextState& state, SSL_SESSION* session) {
  if (!state.shared) {
    state.order.Reserve(state.ctx);
    state.order.Insert(session);
    return;
  }
  SessionTag::Of(session);
  const bool is_stored = (SSL_CTX_get_session_cache_mode(state.ctx) & SSL_SESS_CACHE_NO_INTERNAL_STORE) == 0;
  if (is_stored) state.shared->BeforeAdded(session);
}

OwnedSession FindCached(const ContextState& state, const SSL_SESSION* like) {
  if (!state.shared) return ShareSession(Retrieve(state, like));
  unsigned int length = 0;
  const unsigned char* const id = SSL_SESSION_get_id(like, &length);
  const int version = SSL_SESSION_get_protocol_version(like);
  return Shared(state).Find({&version, 1}, {id, length});
}

OwnedSession FindCached(const ContextState& state, SSL_SESSION* key, std::span<const std::uint8_t> id) {
  if (id.empty() || id.size() > SSL_MAX_SSL_SESSION_ID_LENGTH) return nullptr;
  if (state.shared) return Shared(state).Find(kVersions, id);
  if (SSL_CTX_sess_number(state.ctx) == 0) return nullptr;
  if (SSL_SESSION_set1_id(key, id.data(), static_cast<unsigned int>(id.size())) != 1) return nullptr;
  for (const int version : kVersions) {
    SSL_SESSION_set_protocol_version(key, version);
    if (SSL_SESSION* const found = Retrieve(state, key)) return ShareSession(found);
  }
  return nullptr;
}

long CountCached(const ContextState& state) {
  return state.shared ? static_cast<long>(Shared(state).Count()) : SSL_CTX_sess_number(state.ctx);
}

std::vector<CachedSession> AllCached(const ContextState& state) {
  if (state.shared) return Shared(state).All();
  std::vector<CachedSession> sessions;
  // Nothing is allocated inside of libssl's walk, through which no exception may go.
  sessions.reserve(static_cast<std::size_t>(SSL_CTX_sess_number(state.ctx)));
  OPENSSL_LH_doall_arg(
      TableOf(state.ctx),
      [](void* session, void* list) {
        auto* const all = static_cast<std::vector<CachedSession>*>(list);
        if (all->size() == all->capacity()) return;
        if (OwnedSession own = ShareSession(static_cast<SSL_SESSION*>(session))) all->push_back({std::move(own), 0});
      },
      &sessions);
  for (CachedSession& each : sessions) each.number = state.order.Of(each.session.get());
  return sessions;
}

bool WasRemoved(const ContextState& state, std::span<const std::uint8_t> id) {
  if (state.shared) return state.shared->WasRemoved(id);
  return state.removed && state.removed->Has(id);
}

}  // namespace sslctx
