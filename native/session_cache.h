// The sessions in the cache of a context: libssl's table where one thread uses the context, what is known of it where
// several do.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "openssl.h"
#include "state.h"

namespace sslctx {

/// Whether adding what is in the cache already moves it to the front of those that expire with it. Until a fix of 2026
/// that came to several branches it does: the library itself is asked, once.
bool ReAddingMoves();

int AddToShared(ContextState& state, SSL_SESSION* session);

/// SSL_CTX_add_session. The session is the context's, and complete.
inline int AddToCache(ContextState& state, SSL_SESSION* session) {
  if (state.shared) [[unlikely]]
    return AddToShared(state, session);
  state.order.Reserve(state.ctx);
  state.order.Prefetch(session);
  const int added = SSL_CTX_add_session(state.ctx, session);
  if (added == 1 || ReAddingMoves()) state.order.Insert(session);
  return added;
}

/// SSL_CTX_remove_session.
int RemoveFromCache(ContextState& state, SSL_SESSION* session);

/// SSL_CTX_flush_sessions.
void FlushCache(ContextState& state, std::int64_t time);

/// libssl has put one in by itself, and tells so.
void NoteAdded(ContextState& state, SSL_SESSION* session);
/// libssl is about to do so, with what its lookup was answered.
void NoteBeforeAdded(ContextState& state, SSL_SESSION* session);

/// The one with the version and ID of `like`, or null.
OwnedSession FindCached(const ContextState& state, const SSL_SESSION* like);

/// The one with this ID, of the latest version that has one. `key` is any session of no cache; it is changed.
OwnedSession FindCached(const ContextState& state, SSL_SESSION* key, std::span<const std::uint8_t> id);

/// SSL_CTX_sess_number, which reads without libssl's lock.
long CountCached(const ContextState& state);

/// In no order.
std::vector<CachedSession> AllCached(const ContextState& state);

/// Whether JavaScript has removed a session with this ID, of late.
bool WasRemoved(const ContextState& state, std::span<const std::uint8_t> id);

}  // namespace sslctx
