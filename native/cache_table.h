// libssl's table of cached sessions. Its lock is private: the context must be this thread's alone (docs/hazards.md,
// H6).
#pragma once

#include <vector>

#include "openssl.h"

namespace sslctx {

inline OPENSSL_LHASH* TableOf(SSL_CTX* ctx) { return reinterpret_cast<OPENSSL_LHASH*>(SSL_CTX_sessions(ctx)); }

/// The cached session with the version and ID of `key`, or null. The cache keeps its reference.
inline SSL_SESSION* FindCached(SSL_CTX* ctx, const SSL_SESSION* key) {
  return static_cast<SSL_SESSION*>(OPENSSL_LH_retrieve(TableOf(ctx), key));
}

/// All of them, each with a reference, in no order.
inline std::vector<OwnedSession> AllCached(SSL_CTX* ctx) {
  std::vector<OwnedSession> sessions;
  // Nothing is allocated inside of libssl's walk, through which no exception may go.
  sessions.reserve(static_cast<std::size_t>(SSL_CTX_sess_number(ctx)));
  OPENSSL_LH_doall_arg(
      TableOf(ctx),
      [](void* session, void* list) {
        auto* const own = static_cast<SSL_SESSION*>(session);
        auto* const all = static_cast<std::vector<OwnedSession>*>(list);
        if (all->size() < all->capacity() && SSL_SESSION_up_ref(own) == 1) all->emplace_back(own);
      },
      &sessions);
  return sessions;
}

}  // namespace sslctx
