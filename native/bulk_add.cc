#include "bulk_add.h"

#include <algorithm>
#include <limits>
#include <span>
#include <vector>

#include "call.h"
#include "session_cache.h"
#include "session_read.h"
#include "session_time.h"
#include "state.h"

namespace sslctx {

namespace {

struct Incoming {
  std::int64_t expiry;
  SSL_SESSION* session;
  std::uint32_t index;
};

void Lower(const SSL_SESSION* session, std::int64_t* least) { *least = std::min(*least, ExpiryOf(session)); }

/// When the last one in libssl's list expires.
std::int64_t FirstExpiry(const ContextState& state) {
  std::int64_t least = std::numeric_limits<std::int64_t>::max();
  if (state.shared) {
    for (const CachedSession& each : AllCached(state)) Lower(each.session.get(), &least);
    return least;
  }
  // Without a reference to each.
  OPENSSL_LH_doall_arg(
      TableOf(state.ctx),
      [](void* session, void* data) {
        Lower(static_cast<const SSL_SESSION*>(session), static_cast<std::int64_t*>(data));
      },
      &least);
  return least;
}

// libssl puts a session at the head of its list when it expires no earlier than all others, and at the end when it
// expires earlier than all others; else it walks from the head past all that expire later. So the one that expires
// first comes first: each one passes only what was in the cache before. Those that expire before all of that come last,
// and the latest of them first, unless many are equal: an equal one is not "earlier", and walks past everything.
void Sort(const ContextState& state, std::vector<Incoming>& incoming) {
  std::stable_sort(incoming.begin(), incoming.end(),
                   [](const Incoming& left, const Incoming& right) { return left.expiry < right.expiry; });
  const auto cached = static_cast<std::size_t>(CountCached(state));
  // To find the end of the list takes as long as one walk. A few new sessions are not worth it.
  constexpr std::size_t kWorthIt = 64;
  if (cached == 0 || incoming.size() < cached / kWorthIt) return;
  const std::int64_t first = FirstExpiry(state);
  const auto middle =
      std::partition_point(incoming.begin(), incoming.end(), [&](const Incoming& each) { return each.expiry < first; });
  std::size_t equal = 0;
  for (auto each = incoming.begin(); each != middle; ++each) {
    if (each != incoming.begin() && each->expiry == std::prev(each)->expiry) ++equal;
  }
  const auto early = static_cast<std::size_t>(middle - incoming.begin());
  if (equal * (cached + early / 2) >= early * cached) return;
  std::reverse(incoming.begin(), middle);
  for (auto each = incoming.begin(); each != middle;) {
    const auto end = std::find_if(each, middle, [&](const Incoming& other) { return other.expiry != each->expiry; });
    std::reverse(each, end);
    each = end;
  }
}

/// Whether adding would do nothing but move it in the list, which takes a walk; a newer libssl does not even do that.
bool IsCached(const ContextState& state, const SSL_SESSION* session) {
  if (!state.shared && state.order.Of(session) == 0) return false;
  return FindCached(state, session).get() == session &&
         (SSL_CTX_get_session_cache_mode(state.ctx) & SSL_SESS_CACHE_UPDATE_TIME) == 0;
}

/// Starts to load what adding will touch.
void Prefetch(const ContextState& state, const SSL_SESSION* session) {
  unsigned int length = 0;
  const unsigned char* const id = SSL_SESSION_get_id(session, &length);
  __builtin_prefetch(session);
  __builtin_prefetch(id);
  if (!state.shared) state.order.Prefetch(session);
}

std::uint32_t AddAll(Call& call, ContextState& state, const std::vector<Incoming>& incoming) {
  constexpr std::size_t kAhead = 8;
  std::uint32_t added = 0;
  for (std::size_t i = 0; i < incoming.size(); ++i) {
    const Incoming& each = incoming[i];
    // In the order of expiry they lie anywhere in memory.
    if (i + kAhead < incoming.size()) Prefetch(state, incoming[i + kAhead].session);
    if (!IsCached(state, each.session) && AddToCache(state, each.session) == 1) ++added;
  }
  if (added != incoming.size()) call.addon().errors.Collect();
  return added;
}

void Reserve(ContextState& state, std::size_t count) {
  if (state.shared) return;
  // What was in the cache once would have to be looked for in it.
  if (SSL_CTX_sess_number(state.ctx) == 0) state.order.Clear();
  state.order.Reserve(state.ctx, count);
}

/// The sessions of argument 1, all of which are the context's from here on.
std::vector<Incoming> Take(Call& call, ContextState& state) {
  napi_typedarray_type type{};
  std::size_t count = 0;
  void* data = nullptr;
  if (napi_get_typedarray_info(call.env(), call[1], &type, &count, &data, nullptr, nullptr) != napi_ok ||
      type != napi_float64_array) {
    ThrowTypeError(call.env(), "ERR_INVALID_ARG_TYPE", std::string(call.name()) + ": expected a Float64Array");
  }
  const auto* const ids = static_cast<const double*>(data);
  Handles& handles = call.addon().handles;
  std::vector<Incoming> incoming;
  incoming.reserve(count);
  Reserve(state, count);
  for (std::size_t i = 0; i < count; ++i) {
    const SessionHandle handle = handles.GetSession(call.env(), ids[i], call.name());
    if (handle.note.is_complete == 0 || handle.note.home != state.serial) {
      RequireComplete(call.env(), call.name(), handle.session);
      // Another context's: throws.
      if (const std::uint64_t home = HomeOf(handle); home != 0) Claim(call.env(), call.name(), state, handle);
    }
    incoming.push_back({ExpiryOf(handle.session), handle.session, static_cast<std::uint32_t>(i)});
  }
  for (std::size_t i = 0; i < count; ++i) {
    const SessionHandle handle = handles.GetSession(call.env(), ids[i], call.name());
    if (handle.note.home != state.serial) Claim(call.env(), call.name(), state, handle);
    handle.note.is_complete = 1;
  }
  Sort(state, incoming);
  return incoming;
}

/// Bytes that held keys.
class Secret {
 public:
  Secret() = default;
  ~Secret() { OPENSSL_cleanse(bytes_.data(), bytes_.size()); }
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;

  /// A copy, because another thread could change the original under libssl.
  std::span<const std::uint8_t> Copy(const Bytes& bytes) {
    if (bytes_.size() < bytes.size) {
      OPENSSL_cleanse(bytes_.data(), bytes_.size());
      bytes_.resize(bytes.size);
    }
    std::copy_n(bytes.data, bytes.size, bytes_.begin());
    return {bytes_.data(), bytes.size};
  }

 private:
  std::vector<std::uint8_t> bytes_;
};

}  // namespace

Napi::Value AddSessions(Call& call) {
  ContextState& state = *ContextState::Of(call.Handle<SSL_CTX>(0));
  return ToJs(call.env(), AddAll(call, state, Take(call, state)));
}

Napi::Value PlanSessions(Call& call) {
  ContextState& state = *ContextState::Of(call.Handle<SSL_CTX>(0));
  const std::vector<Incoming> incoming = Take(call, state);
  Napi::Uint32Array plan = Napi::Uint32Array::New(call.env(), incoming.size());
  std::transform(incoming.begin(), incoming.end(), plan.Data(), [](const Incoming& each) { return each.index; });
  return plan;
}

Napi::Value AddDerSessions(Call& call) {
  ContextState& state = *ContextState::Of(call.Handle<SSL_CTX>(0));
  if (!call[1].IsArray()) {
    ThrowTypeError(call.env(), "ERR_INVALID_ARG_TYPE", std::string(call.name()) + ": expected an array");
  }
  const Napi::Array list = call[1].As<Napi::Array>();
  const std::uint32_t count = list.Length();
  std::vector<OwnedSession> sessions;
  std::vector<Incoming> incoming;
  sessions.reserve(count);
  incoming.reserve(count);
  Secret copy;
  for (std::uint32_t i = 0; i < count; ++i) {
    const Napi::HandleScope scope(call.env());
    const Napi::Value element = list.Get(i);
    OwnedSession session = SessionFromDer(copy.Copy(ToBytes({call.env(), call.name(), 1}, element)));
    if (!session) return ToJs(call.env(), -1 - static_cast<double>(i));
    RequireComplete(call.env(), call.name(), session.get());
    incoming.push_back({ExpiryOf(session.get()), session.get(), i});
    sessions.push_back(std::move(session));
  }
  // Nobody else knows these sessions, and whoever gets one from the cache learns whose it is.
  Reserve(state, count);
  Sort(state, incoming);
  return ToJs(call.env(), AddAll(call, state, incoming));
}

}  // namespace sslctx
