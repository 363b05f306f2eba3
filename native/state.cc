#include "state.h"

#include <memory>
#include <string>

#include "addon.h"
#include "errors.h"
#include "net/resumption.h"
#include "net/session_ids.h"
#include "ticket_ring.h"

namespace sslctx {

namespace {

// Process-wide, because libssl's objects and its ex_data indexes are.
std::atomic<std::int64_t> live_contexts{0};
std::atomic<std::int64_t> live_connections{0};
std::atomic<std::int64_t> live_sessions{0};
std::atomic<std::uint64_t> next_serial{1};
std::atomic<std::uint64_t> next_order{1};

// libssl may call these on any thread and under the lock of a context: they touch nothing but their own object.
void NewSessionTag(void*, void*, CRYPTO_EX_DATA* data, int index, long, void*) noexcept {
  ++live_sessions;
  CRYPTO_set_ex_data(data, index, new (std::nothrow) SessionTag);
}

void FreeSessionTag(void*, void* pointer, CRYPTO_EX_DATA*, int, long, void*) noexcept {
  --live_sessions;
  delete static_cast<SessionTag*>(pointer);
}

// SSL_SESSION_dup gives the copy a tag of its own by NewSessionTag; without this one the original's pointer would be
// copied over it, and freed twice.
int DupSessionTag(CRYPTO_EX_DATA* to, const CRYPTO_EX_DATA*, void** from, int index, long, void*) noexcept {
  *from = CRYPTO_get_ex_data(to, index);
  return 1;
}

void CountContext(void*, void*, CRYPTO_EX_DATA*, int, long, void*) noexcept { ++live_contexts; }

void FreeContextState(void*, void* pointer, CRYPTO_EX_DATA*, int, long, void*) noexcept {
  --live_contexts;
  const std::unique_ptr<ContextState> state(static_cast<ContextState*>(pointer));
  if (state) napi_delete_reference(state->addon->env(), state->record);
}

void CountConnection(void*, void*, CRYPTO_EX_DATA*, int, long, void*) noexcept { ++live_connections; }

void FreeSslState(void*, void* pointer, CRYPTO_EX_DATA*, int, long, void*) noexcept {
  --live_connections;
  const std::unique_ptr<SslState> state(static_cast<SslState*>(pointer));
  if (state && state->record != nullptr) napi_delete_reference(state->addon->env(), state->record);
}

int SessionIndex() {
  static const int index =
      CRYPTO_get_ex_new_index(CRYPTO_EX_INDEX_SSL_SESSION, 0, nullptr, NewSessionTag, DupSessionTag, FreeSessionTag);
  return index;
}

int ContextIndex() {
  static const int index =
      CRYPTO_get_ex_new_index(CRYPTO_EX_INDEX_SSL_CTX, 0, nullptr, CountContext, nullptr, FreeContextState);
  return index;
}

int SslIndex() {
  static const int index =
      CRYPTO_get_ex_new_index(CRYPTO_EX_INDEX_SSL, 0, nullptr, CountConnection, nullptr, FreeSslState);
  return index;
}

}  // namespace

void RegisterState() {
  SessionIndex();
  ContextIndex();
  SslIndex();
}

LiveObjects CountLive() { return {live_contexts, live_connections, live_sessions}; }

SessionTag& SessionTag::Of(const SSL_SESSION* session) {
  auto* tag = static_cast<SessionTag*>(SSL_SESSION_get_ex_data(session, SessionIndex()));
  if (tag == nullptr) {
    // Made before the index was registered, by another user of a shared libssl; or memory was short then.
    auto fresh = std::make_unique<SessionTag>();
    tag = fresh.get();
    if (SSL_SESSION_set_ex_data(const_cast<SSL_SESSION*>(session), SessionIndex(), tag) != 1) throw std::bad_alloc();
    static_cast<void>(fresh.release());
  }
  return *tag;
}

std::uint64_t SessionTag::NextOrder() { return next_order.fetch_add(1, std::memory_order_relaxed); }

ContextState::ContextState(Addon* owner, napi_ref callbacks, std::uint64_t number)
    : addon(owner), record(callbacks), serial(number) {}

ContextState::~ContextState() = default;

void ContextState::Attach(SSL_CTX* ctx, Addon& addon, napi_ref record) {
  auto state = std::make_unique<ContextState>(&addon, record, next_serial++);
  if (SSL_CTX_set_ex_data(ctx, ContextIndex(), state.get()) != 1) throw std::bad_alloc();
  static_cast<void>(state.release());
}

ContextState* ContextState::Of(const SSL_CTX* ctx) {
  return static_cast<ContextState*>(SSL_CTX_get_ex_data(ctx, ContextIndex()));
}

void SslState::Attach(SSL* ssl, Addon& addon, napi_ref record, SSL_CTX* session_ctx) {
  auto state = std::make_unique<SslState>(&addon, record, session_ctx);
  if (SSL_set_ex_data(ssl, SslIndex(), state.get()) != 1) throw std::bad_alloc();
  static_cast<void>(state.release());
}

SslState& SslState::Of(const SSL* ssl) { return *static_cast<SslState*>(SSL_get_ex_data(ssl, SslIndex())); }

const char* MissingPartOf(const SSL_SESSION* session, bool needs_id) {
  unsigned int id_length = 0;
  SSL_SESSION_get_id(session, &id_length);
  return SSL_SESSION_get_protocol_version(session) == 0         ? "a protocol version"
         : SSL_SESSION_get0_cipher(session) == nullptr          ? "a cipher"
         : SSL_SESSION_get_master_key(session, nullptr, 0) == 0 ? "a master key"
         : needs_id && id_length == 0                           ? "a session ID"
                                                                : nullptr;
}

void RequireComplete(Napi::Env env, const char* function, const SSL_SESSION* session, bool needs_id) {
  const char* const missing = MissingPartOf(session, needs_id);
  if (missing != nullptr) {
    ThrowError(env, "ERR_SSLCTX_SESSION_INCOMPLETE", std::string(function) + ": the session has not got " + missing);
  }
}

void Claim(Napi::Env env, const char* function, const ContextState& state, SSL_SESSION* session) {
  SessionTag& tag = SessionTag::Of(session);
  std::uint64_t home = 0;
  if (!tag.home.compare_exchange_strong(home, state.serial) && home != state.serial) {
    ThrowError(
        env, "ERR_SSLCTX_SESSION_FOREIGN",
        std::string(function) + ": the session belongs to another context; add a copy (SSL_SESSION_dup) instead");
  }
  tag.frozen = true;
}

void ClaimFromConnection(const SSL* ssl, SSL_SESSION* session) {
  SessionTag& tag = SessionTag::Of(session);
  std::uint64_t home = 0;
  if (const ContextState* state = ContextState::Of(SslState::Of(ssl).session_ctx)) {
    tag.home.compare_exchange_strong(home, state->serial);
  }
  tag.frozen = true;
}

void RequirePrivate(Napi::Env env, const char* function, const SSL_SESSION* session) {
  if (SessionTag::Of(session).frozen) {
    ThrowError(env, "ERR_SSLCTX_SESSION_FROZEN",
               std::string(function) + ": the session is in use elsewhere; change a copy (SSL_SESSION_dup) instead");
  }
}

}  // namespace sslctx
