#include "state.h"

#include <memory>
#include <string>

#include "addon.h"
#include "errors.h"
#include "net/session_ids.h"
#include "ticket_ring.h"

namespace sslctx {

namespace {

// Process-wide, because libssl's objects and its ex_data indexes are.
std::atomic<std::int64_t> live_contexts{0};
std::atomic<std::int64_t> live_connections{0};
std::atomic<std::int64_t> live_sessions{0};
std::atomic<std::uint64_t> next_serial{1};
std::atomic<bool> tags_all{false};

// libssl may call these on any thread and under the lock of a context: they touch nothing but their own object.
void CountSession(void*, void*, CRYPTO_EX_DATA* data, int index, long, void*) noexcept {
  ++live_sessions;
  if (!tags_all) return;
  SessionTag* const tag = new (std::nothrow) SessionTag();
  if (CRYPTO_set_ex_data(data, index, tag) != 1) delete tag;
}

void FreeSessionTag(void*, void* pointer, CRYPTO_EX_DATA*, int, long, void*) noexcept {
  --live_sessions;
  delete static_cast<SessionTag*>(pointer);
}

// A copy is nobody's yet, and keeps what CountSession has made for it; without this it would get the original's
// pointer, which would be freed twice.
int RenewSessionTag(CRYPTO_EX_DATA* to, const CRYPTO_EX_DATA*, void** from, int index, long, void*) noexcept {
  *from = CRYPTO_get_ex_data(to, index);
  return 1;
}

void CountContext(void*, void*, CRYPTO_EX_DATA*, int, long, void*) noexcept { ++live_contexts; }

void FreeContextState(void*, void* pointer, CRYPTO_EX_DATA*, int, long, void*) noexcept {
  --live_contexts;
  const std::unique_ptr<ContextState> state(static_cast<ContextState*>(pointer));
}

void CountConnection(void*, void*, CRYPTO_EX_DATA*, int, long, void*) noexcept { ++live_connections; }

void FreeSslState(void*, void* pointer, CRYPTO_EX_DATA*, int, long, void*) noexcept {
  --live_connections;
  const std::unique_ptr<SslState> state(static_cast<SslState*>(pointer));
  if (state && state->record != nullptr) napi_delete_reference(state->addon->env(), state->record);
}

int SessionIndex() {
  static const int index =
      CRYPTO_get_ex_new_index(CRYPTO_EX_INDEX_SSL_SESSION, 0, nullptr, CountSession, RenewSessionTag, FreeSessionTag);
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

int StoreIndex() {
  static const int index = CRYPTO_get_ex_new_index(CRYPTO_EX_INDEX_X509_STORE, 0, nullptr, nullptr, nullptr, nullptr);
  return index;
}

}  // namespace

void RegisterState() {
  SessionIndex();
  ContextIndex();
  SslIndex();
  StoreIndex();
}

void MarkShared(X509_STORE* store) {
  // Any pointer but NULL: nobody follows it.
  if (X509_STORE_set_ex_data(store, StoreIndex(), store) != 1) throw std::bad_alloc();
}

bool IsShared(const X509_STORE* store) { return X509_STORE_get_ex_data(store, StoreIndex()) != nullptr; }

OwnedSession MakeLookupKey() {
  OwnedSession key(SSL_SESSION_new());
  if (!key) throw std::bad_alloc();
  --live_sessions;
  return key;
}

void DropLookupKey(OwnedSession key) {
  if (!key) return;
  ++live_sessions;
  key.reset();
}

LiveObjects CountLive() { return {live_contexts, live_connections, live_sessions}; }

SessionTag* SessionTag::Find(const SSL_SESSION* session) {
  return static_cast<SessionTag*>(SSL_SESSION_get_ex_data(session, SessionIndex()));
}

SessionTag& SessionTag::Of(const SSL_SESSION* session) {
  SessionTag* const tag = Find(session);
  if (tag != nullptr) return *tag;
  auto fresh = std::make_unique<SessionTag>();
  if (SSL_SESSION_set_ex_data(const_cast<SSL_SESSION*>(session), SessionIndex(), fresh.get()) != 1) {
    throw std::bad_alloc();
  }
  return *fresh.release();
}

ContextState::ContextState(Addon& owner, SSL_CTX* context, napi_ref record, std::uint64_t number)
    : ctx(context), serial(number), maker(std::make_shared<ContextView>(owner, record, this)) {
  owner.contexts.emplace(serial, maker);
}

ContextState::~ContextState() {
  if (shared) {
    maker->all->End(serial);
  } else {
    maker->addon->Forget(serial);
  }
}

napi_ref ContextState::RecordFor(const Addon& addon) const {
  const std::shared_ptr<ContextView> view = ViewOf(addon);
  return view ? view->record : nullptr;
}

std::shared_ptr<const SessionIds> ContextState::Ids() const {
  const std::lock_guard lock(ids_mutex_);
  return ids_;
}

void ContextState::SetIds(std::shared_ptr<const SessionIds> ids) {
  const std::lock_guard lock(ids_mutex_);
  ids_ = std::move(ids);
}

void TagAllSessions() { tags_all = true; }

void ContextState::Attach(SSL_CTX* ctx, Addon& addon, napi_ref record) {
  auto state = std::make_unique<ContextState>(addon, ctx, record, next_serial++);
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

std::uint64_t HomeOf(const SessionHandle& session) {
  if (session.note.home != 0) return session.note.home;
  const SessionTag* const tag = SessionTag::Find(session.session);
  return tag == nullptr ? 0 : tag->home.load();
}

void Claim(Napi::Env env, const char* function, const ContextState& state, const SessionHandle& session) {
  std::uint64_t home = session.note.home;
  if (SessionTag* const tag = SessionTag::Find(session.session); tag != nullptr && home == 0) {
    if (tag->home.compare_exchange_strong(home, state.serial)) home = state.serial;
    tag->frozen = true;
  }
  if (home != 0 && home != state.serial) {
    ThrowError(
        env, "ERR_SSLCTX_SESSION_FOREIGN",
        std::string(function) + ": the session belongs to another context; add a copy (SSL_SESSION_dup) instead");
  }
  session.note.SetHome(state.serial);
}

void Share(const SessionHandle& session) {
  SessionTag& tag = SessionTag::Of(session.session);
  std::uint64_t home = 0;
  tag.home.compare_exchange_strong(home, session.note.home);
  tag.frozen = true;
}

std::uint64_t ClaimFromConnection(const SSL* ssl, SSL_SESSION* session) {
  const ContextState* const state = ContextState::Of(SslState::Of(ssl).session_ctx);
  const std::uint64_t serial = state == nullptr ? 0 : state->serial;
  SessionTag* const tag = serial == 0 ? &SessionTag::Of(session) : SessionTag::Find(session);
  if (tag == nullptr) return serial;
  tag->frozen = true;
  std::uint64_t home = 0;
  return tag->home.compare_exchange_strong(home, serial) ? serial : home;
}

void RequirePrivate(Napi::Env env, const char* function, const SessionHandle& session) {
  const SessionTag* const tag = SessionTag::Find(session.session);
  if (session.note.home != 0 || (tag != nullptr && tag->frozen)) RefuseChange(env, function);
}

void RefuseChange(Napi::Env env, const char* function) {
  ThrowError(env, "ERR_SSLCTX_SESSION_FROZEN",
             std::string(function) + ": the session is in use elsewhere; change a copy (SSL_SESSION_dup) instead");
}

}  // namespace sslctx
