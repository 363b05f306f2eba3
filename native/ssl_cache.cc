// The session cache of an SSL_CTX.

#include <algorithm>
#include <vector>

#include "bulk_add.h"
#include "call.h"
#include "groups.h"
#include "session_cache.h"
#include "session_time.h"
#include "state.h"

namespace sslctx {

namespace {

constexpr std::int64_t kCacheModes =
    SSL_SESS_CACHE_BOTH | SSL_SESS_CACHE_NO_AUTO_CLEAR | SSL_SESS_CACHE_NO_INTERNAL | SSL_SESS_CACHE_UPDATE_TIME;

int AddSession(const FastCall& call) {
  ContextState& state = call.Context(0).state;
  const SessionHandle handle = call.Session(1);
  SSL_SESSION* const session = handle.session;
  // Asked once: from here on the session cannot change.
  if (!handle.note.is_complete || handle.note.home != state.serial) [[unlikely]] {
    RequireComplete(call.env(), call.name(), session);
    Claim(call.env(), call.name(), state, handle);
    handle.note.is_complete = true;
  }
  const int added = AddToCache(state, session);
  // Short of memory: the only way to an error here.
  if (added == 0) call.addon().errors.Collect();
  return added;
}

int RemoveSession(const FastCall& call) {
  ContextState& state = call.Context(0).state;
  // 0 is no handle's number.
  SSL_SESSION* const session = call[1] == 0 ? nullptr : call.Handle<SSL_SESSION>(1);
  return session == nullptr ? SSL_CTX_remove_session(state.ctx, nullptr) : RemoveFromCache(state, session);
}

Napi::Value SetCacheMode(Call& call) {
  SSL_CTX* const ctx = call.Handle<SSL_CTX>(0);
  const auto mode = call.Get<Ranged<0, kCacheModes>>(1);
  if ((mode & ~kCacheModes) != 0) {
    ThrowRangeError(call.env(), std::string(call.name()) + ": argument 2 has bits that are no SSL_SESS_CACHE_* mode");
  }
  return ToJs(call.env(), SSL_CTX_set_session_cache_mode(ctx, static_cast<long>(mode.value)));
}

// libssl's list is private, but it is sorted by expiry, and among equals the latest insertion comes first.
Napi::Value Sessions(Call& call) {
  const ContextState& state = *ContextState::Of(call.Handle<SSL_CTX>(0));
  Handles& handles = call.addon().handles;
  const std::vector<CachedSession> sessions = AllCached(state);

  struct Key {
    std::int64_t expiry;
    std::uint64_t order;
    std::size_t index;
  };
  std::vector<Key> keys;
  keys.reserve(sessions.size());
  for (std::size_t index = 0; index < sessions.size(); ++index) {
    keys.push_back({ExpiryOf(sessions[index].session.get()), sessions[index].number, index});
  }
  std::sort(keys.begin(), keys.end(), [](const Key& left, const Key& right) {
    return left.expiry != right.expiry ? left.expiry > right.expiry : left.order > right.order;
  });

  Napi::Array result = Napi::Array::New(call.env(), keys.size());
  for (std::uint32_t place = 0; place < keys.size(); ++place) {
    const Napi::HandleScope scope(call.env());
    result.Set(place, handles.BorrowSession(call.env(), sessions[keys[place].index].session.get(), state.serial));
  }
  return result;
}

// What SSL_has_matching_session_id looks up, without a connection: the hash and comparison of libssl's own table.
Napi::Value Retrieve(Call& call) {
  const ContextState& state = *ContextState::Of(call.Handle<SSL_CTX>(0));
  const OwnedSession found = FindCached(state, call.Handle<SSL_SESSION>(1));
  return call.addon().handles.BorrowSession(call.env(), found.get(), state.serial);
}

OwnedSession FindById(Addon& addon, SSL_CTX* ctx, const Bytes& id) {
  return FindCached(*ContextState::Of(ctx), addon.lookup_key(), {id.data, id.size});
}

Napi::Value FindSession(Call& call) {
  SSL_CTX* const ctx = call.Handle<SSL_CTX>(0);
  const OwnedSession found = FindById(call.addon(), ctx, call.Get<Bytes>(1));
  return call.addon().handles.BorrowSession(call.env(), found.get(), ContextState::Of(ctx)->serial);
}

int HasSession(Call& call) {
  SSL_CTX* const ctx = FastCall(call.env(), call.name(), call.addon()).Handle<SSL_CTX>(0);
  return FindById(call.addon(), ctx, call.Get<Bytes>(0)) ? 1 : 0;
}

Napi::Value SetIdContext(Call& call) {
  SSL_CTX* const ctx = call.Handle<SSL_CTX>(0);
  const Bytes bytes = call.Get<Bytes>(1);
  if (bytes.size > SSL_MAX_SID_CTX_LENGTH) {
    ThrowRangeError(call.env(), std::string(call.name()) + ": a session ID context has at most 32 bytes");
  }
  if (bytes.size == 0) {
    ContextState::Of(ctx)->id_context.clear();
  } else {
    ContextState::Of(ctx)->id_context.assign(bytes.data, bytes.data + bytes.size);
  }
  const unsigned char empty = 0;
  return ToJs(call.env(), SSL_CTX_set_session_id_context(ctx, bytes.size == 0 ? &empty : bytes.data,
                                                         static_cast<unsigned int>(bytes.size)));
}

using CacheSize = Ranged<0, INT32_MAX>;

// A macro of libssl that reads one number.
#define SSLCTX_NUMBER(name) \
  SSLCTX_FAST(name, [](const FastCall& call) -> long { return name(call.Handle<SSL_CTX>(0)); }, Ending::kNone)

constexpr Export kExports[] = {
    SSLCTX_FAST(SSL_CTX_add_session, AddSession, Ending::kCallbacks),
    SSLCTX_FAST(SSL_CTX_remove_session, RemoveSession, Ending::kCallbacks),
    {"SSL_CTX_set_session_cache_mode", &EnterQuiet<SetCacheMode>},
    SSLCTX_NUMBER(SSL_CTX_get_session_cache_mode),
    SSLCTX_LAMBDA(SSL_CTX_sess_set_cache_size,
                  [](SSL_CTX* ctx, CacheSize size) -> long {
                    return SSL_CTX_sess_set_cache_size(ctx, static_cast<long>(size.value));
                  }),
    SSLCTX_NUMBER(SSL_CTX_sess_get_cache_size),
    SSLCTX_LAMBDA(SSL_CTX_set_timeout,
                  [](SSL_CTX* ctx, Timeout timeout) -> long {
                    return SSL_CTX_set_timeout(ctx, static_cast<long>(timeout.value));
                  }),
    SSLCTX_NUMBER(SSL_CTX_get_timeout),
    SSLCTX_LAMBDA(SSL_CTX_flush_sessions,
                  [](SSL_CTX* ctx, Seconds time) -> void { FlushCache(*ContextState::Of(ctx), time); }),
#if OPENSSL_VERSION_NUMBER >= 0x30400000L
    SSLCTX_LAMBDA(SSL_CTX_flush_sessions_ex,
                  [](SSL_CTX* ctx, Seconds time) -> void { FlushCache(*ContextState::Of(ctx), time); }),
#endif
    SSLCTX_BODY(SSL_CTX_sessions, Sessions),
    SSLCTX_BODY(lh_SSL_SESSION_retrieve, Retrieve),
    SSLCTX_BODY(addSessions, AddSessions),
    SSLCTX_BODY(addDerSessions, AddDerSessions),
    SSLCTX_BODY(planSessions, PlanSessions),
    {"findSession", &EnterQuiet<FindSession>},
    {"hasSession", &EnterMixed<HasSession>},
    SSLCTX_BODY(SSL_CTX_set_session_id_context, SetIdContext),
    SSLCTX_FAST(
        SSL_CTX_sess_number, [](const FastCall& call) -> long { return CountCached(call.Context(0).state); },
        Ending::kNone),
    SSLCTX_NUMBER(SSL_CTX_sess_connect),
    SSLCTX_NUMBER(SSL_CTX_sess_connect_good),
    SSLCTX_NUMBER(SSL_CTX_sess_connect_renegotiate),
    SSLCTX_NUMBER(SSL_CTX_sess_accept),
    SSLCTX_NUMBER(SSL_CTX_sess_accept_good),
    SSLCTX_NUMBER(SSL_CTX_sess_accept_renegotiate),
    SSLCTX_NUMBER(SSL_CTX_sess_hits),
    SSLCTX_NUMBER(SSL_CTX_sess_cb_hits),
    SSLCTX_NUMBER(SSL_CTX_sess_misses),
    SSLCTX_NUMBER(SSL_CTX_sess_timeouts),
    SSLCTX_NUMBER(SSL_CTX_sess_cache_full),
};

#undef SSLCTX_NUMBER

}  // namespace

std::span<const Export> SslCacheExports() { return kExports; }

}  // namespace sslctx
