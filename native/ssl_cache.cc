// The session cache of an SSL_CTX.

#include <algorithm>
#include <vector>

#include "bulk_add.h"
#include "cache_table.h"
#include "call.h"
#include "groups.h"
#include "net/resumption.h"
#include "session_time.h"
#include "state.h"

namespace sslctx {

namespace {

constexpr std::int64_t kCacheModes =
    SSL_SESS_CACHE_BOTH | SSL_SESS_CACHE_NO_AUTO_CLEAR | SSL_SESS_CACHE_NO_INTERNAL | SSL_SESS_CACHE_UPDATE_TIME;

// Adding an object that is in the cache already moves it to the front of its equals, until a fix of 2026 that came to
// several branches: asked of the library itself, once.
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

int AddSession(const FastCall& call) {
  const auto [ctx, state] = call.Context(0);
  const SessionHandle handle = call.Session(1);
  SSL_SESSION* const session = handle.session;
  // Asked once: from here on the session cannot change.
  if (!handle.note.is_complete || handle.note.home != state.serial) [[unlikely]] {
    RequireComplete(call.env(), call.name(), session);
    Claim(call.env(), call.name(), state, handle);
    handle.note.is_complete = true;
  }
  state.order.Reserve(ctx);
  state.order.Prefetch(session);
  const int added = SSL_CTX_add_session(ctx, session);
  if (added == 1 || ReAddingMoves()) state.order.Insert(session);
  // Short of memory: the only way to an error here.
  if (added == 0) call.addon().errors.Collect();
  return added;
}

int RemoveSession(const FastCall& call) {
  const auto [ctx, state] = call.Context(0);
  // 0 is no handle's number.
  SSL_SESSION* const session = call[1] == 0 ? nullptr : call.Handle<SSL_SESSION>(1);
  const int removed = SSL_CTX_remove_session(ctx, session);
  if (removed == 1) {
    if (!state.removed) state.removed = std::make_unique<RemovedIds>();
    state.removed->Add(session);
  }
  return removed;
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
// The walk takes no lock, and none can be taken from outside: a context belongs to one thread as long as this is so.
Napi::Value Sessions(Call& call) {
  SSL_CTX* const ctx = call.Handle<SSL_CTX>(0);
  const ContextState& state = *ContextState::Of(ctx);
  Handles& handles = call.addon().handles;
  const std::vector<OwnedSession> sessions = AllCached(ctx);

  struct Key {
    std::int64_t expiry;
    std::uint64_t order;
    std::size_t index;
  };
  std::vector<Key> keys;
  keys.reserve(sessions.size());
  for (std::size_t index = 0; index < sessions.size(); ++index) {
    const SSL_SESSION* const session = sessions[index].get();
    keys.push_back({ExpiryOf(session), state.order.Of(session), index});
  }
  std::sort(keys.begin(), keys.end(), [](const Key& left, const Key& right) {
    return left.expiry != right.expiry ? left.expiry > right.expiry : left.order > right.order;
  });

  Napi::Array result = Napi::Array::New(call.env(), keys.size());
  for (std::uint32_t place = 0; place < keys.size(); ++place) {
    const Napi::HandleScope scope(call.env());
    result.Set(place, handles.BorrowSession(call.env(), sessions[keys[place].index].get(), state.serial));
  }
  return result;
}

// What SSL_has_matching_session_id looks up, without a connection: the hash and comparison of libssl's own table.
Napi::Value Retrieve(Call& call) {
  SSL_CTX* const ctx = call.Handle<SSL_CTX>(0);
  SSL_SESSION* const found = FindCached(ctx, call.Handle<SSL_SESSION>(1));
  return call.addon().handles.BorrowSession(call.env(), found, ContextState::Of(ctx)->serial);
}

Napi::Value FindSession(Call& call) {
  SSL_CTX* const ctx = call.Handle<SSL_CTX>(0);
  const Bytes id = call.Get<Bytes>(1);
  const ContextState& state = *ContextState::Of(ctx);
  return call.addon().handles.BorrowSession(call.env(), FindInCache(ctx, {id.data, id.size}), state.serial);
}

int HasSession(Call& call) {
  SSL_CTX* const ctx = FastCall(call.env(), call.name(), call.addon()).Handle<SSL_CTX>(0);
  const Bytes id = call.Get<Bytes>(0);
  return FindInCache(ctx, {id.data, id.size}) == nullptr ? 0 : 1;
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
    SSLCTX_LAMBDA(SSL_CTX_flush_sessions, [](SSL_CTX* ctx, Seconds time) -> void { FlushSessions(ctx, time); }),
#if OPENSSL_VERSION_NUMBER >= 0x30400000L
    SSLCTX_LAMBDA(SSL_CTX_flush_sessions_ex, [](SSL_CTX* ctx, Seconds time) -> void { FlushSessions(ctx, time); }),
#endif
    SSLCTX_BODY(SSL_CTX_sessions, Sessions),
    SSLCTX_BODY(lh_SSL_SESSION_retrieve, Retrieve),
    SSLCTX_BODY(addSessions, AddSessions),
    SSLCTX_BODY(addDerSessions, AddDerSessions),
    SSLCTX_BODY(planSessions, PlanSessions),
    {"findSession", &EnterQuiet<FindSession>},
    {"hasSession", &EnterMixed<HasSession>},
    SSLCTX_BODY(SSL_CTX_set_session_id_context, SetIdContext),
    SSLCTX_NUMBER(SSL_CTX_sess_number),
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
