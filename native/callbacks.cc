#include "callbacks.h"

#include <array>
#include <cstring>
#include <string>
#include <vector>

#include "addon.h"
#include "call.h"
#include "net/channel.h"
#include "session_cache.h"
#include "state.h"
#include "ticket_keys.h"
#include "ticket_ring.h"

namespace sslctx {

napi_ref WeakRecord(Napi::Env env, const Napi::Object& record) {
  napi_ref weak = nullptr;
  if (napi_create_reference(env, record, 0, &weak) != napi_ok) throw Napi::Error::New(env);
  return weak;
}

Napi::Value CallRecord(const Napi::Object& record, CallbackKind kind, std::initializer_list<napi_value> arguments) {
  const Napi::Value function = record.Get(static_cast<std::uint32_t>(kind));
  if (!function.IsFunction()) return record.Env().Undefined();
  return function.As<Napi::Function>().Call(arguments);
}

namespace {

/// Runs `body(call)`, which calls JavaScript. False when it did not run to its end; nothing is ever thrown into libssl.
template <typename Body>
bool IntoJs(Addon& addon, Body&& body) noexcept {
  Call* const call = addon.current_call;
  // A finalizer, or the end of the environment, frees a connection: JavaScript must not run.
  if (call == nullptr || addon.closing()) return false;
  const ErrorQueue::Suspended suspended;
  return call->Guard([&] {
    const Napi::HandleScope scope(addon.env());
    if (!addon.outbox.empty()) addon.outbox.Deliver(addon, *call);
    body(*call);
  });
}

Napi::Value ValueOf(Napi::Env env, napi_ref reference) {
  napi_value value = nullptr;
  if (reference != nullptr) napi_get_reference_value(env, reference, &value);
  return Napi::Value(env, value);
}

/// The callbacks of one connection. `record` is its own, for what SSL_new copies from the context, else a context's.
/// libssl asks the context of this moment for some of those that the connection has not got: that is `fallback`.
class Connection {
 public:
  Connection(Call& call, const SSL* ssl, napi_ref record, napi_ref fallback = nullptr)
      : call_(call),
        ssl_(call.addon().handles.Find(call.env(), ssl)),
        records_{ValueOf(call.env(), record), ValueOf(call.env(), fallback)} {}

  /// Undefined when JavaScript has freed the handle or taken the callback back.
  Napi::Value Ask(CallbackKind kind, std::initializer_list<napi_value> more = {}) {
    const Napi::Value function = Find(kind);
    if (function.IsUndefined()) return function;
    std::vector<napi_value> arguments{ssl_};
    arguments.insert(arguments.end(), more);
    return function.As<Napi::Function>().Call(arguments);
  }

  Napi::Value Find(CallbackKind kind) const {
    for (const Napi::Value& record : records_) {
      if (ssl_.IsEmpty() || record.IsEmpty()) continue;
      const Napi::Value function = record.As<Napi::Object>().Get(static_cast<std::uint32_t>(kind));
      if (function.IsFunction()) return function;
    }
    return call_.env().Undefined();
  }

  Napi::Value ssl() const { return ssl_; }

 private:
  Call& call_;
  Napi::Value ssl_;
  std::array<Napi::Value, 2> records_;
};

/// For the environment of a connection.
napi_ref RecordOf(const SSL_CTX* ctx, const Addon& addon) {
  const ContextState* const state = ContextState::Of(ctx);
  return state == nullptr ? nullptr : state->RecordFor(addon);
}

/// While it lives, the connection may be moved to another context.
class MaySwitch {
 public:
  explicit MaySwitch(SslState& state) : state_(state) { state_.may_switch = true; }
  ~MaySwitch() { state_.may_switch = false; }
  MaySwitch(const MaySwitch&) = delete;
  MaySwitch& operator=(const MaySwitch&) = delete;

 private:
  SslState& state_;
};

int IntegerResult(Call& call, const char* function, const Napi::Value& value, int min, int max) {
  return static_cast<int>(ToInteger({call.env(), function, Place::kResult}, value, min, max));
}

/// A number, or `{ ret, alert }` where C has an out-parameter for the alert.
int ResultWithAlert(Call& call, const char* function, const Napi::Value& value, int* alert, int min, int max) {
  if (!value.IsObject()) return IntegerResult(call, function, value, min, max);
  const Napi::Object object = value.As<Napi::Object>();
  if (const Napi::Value given = object.Get("alert"); !given.IsUndefined()) {
    *alert = IntegerResult(call, function, given, 0, 255);
  }
  return IntegerResult(call, function, object.Get("ret"), min, max);
}

Napi::Value BytesOrNull(Call& call, const void* data, std::size_t length) {
  return data == nullptr ? call.env().Null() : ToJs(call.env(), data, length);
}

/// A handle for a session that libssl goes on owning.
Napi::Value LendSession(Call& call, const SSL* ssl, SSL_SESSION* session) {
  if (session == nullptr) return call.env().Null();
  const std::uint64_t home = ClaimFromConnection(ssl, session);
  return call.addon().handles.BorrowSession(call.env(), session, home);
}

int OnNewSession(SSL* ssl, SSL_SESSION* session) {
  // Whether or not anybody listens: libssl may just have put the session into the cache.
  SslState& state = SslState::Of(ssl);
  ContextState* const context = ContextState::Of(state.session_ctx);
  try {
    NoteAdded(*context, session);
    if (SSL_is_server(ssl) == 0) SessionTag::Of(session).maker = context->serial;
  } catch (...) {
    // Out of memory.
  }
  const std::shared_ptr<ContextView> view = context->ViewOf(*state.addon);
  const bool is_wanted = view && view->wants_new;
  if (context->shared) context->maker->all->Tell(Tidings::kNewSession, context->serial, session);
  if (state.channel != nullptr) {
    state.channel->OnNewSession(session, is_wanted);
    return 0;
  }
  if (!is_wanted) return 0;
  IntoJs(*state.addon, [&](Call& call) {
    Connection connection(call, ssl, view->record);
    connection.Ask(CallbackKind::kNewSession, {LendSession(call, ssl, session)});
  });
  // 0: the reference that libssl raised for the callback goes back; the handle has one of its own.
  return 0;
}

int OnServername(SSL*, int*, void*) {
  // Known: only then does libssl keep the name in the session.
  return SSL_TLSEXT_ERR_OK;
}

int OnOcsp(SSL* ssl, void*) {
  const Channel* const channel = SslState::Of(ssl).channel;
  if (channel == nullptr || channel->ocsp_response().empty()) return SSL_TLSEXT_ERR_NOACK;
  const std::vector<std::uint8_t>& response = channel->ocsp_response();
  // libssl takes the copy over.
  void* const copy = OPENSSL_memdup(response.data(), response.size());
  if (copy == nullptr) return SSL_TLSEXT_ERR_ALERT_FATAL;
  SSL_set_tlsext_status_ocsp_resp(ssl, copy, static_cast<long>(response.size()));
  return SSL_TLSEXT_ERR_OK;
}

int OnAlpnList(SSL* ssl, const unsigned char** out, unsigned char* out_length, const unsigned char* in,
               unsigned int in_length, void*) {
  const Channel* const channel = SslState::Of(ssl).channel;
  const std::vector<std::uint8_t>* chosen = channel == nullptr ? nullptr : channel->chosen_alpn();
  if (chosen == nullptr) {
    const ContextState* const state = ContextState::Of(SSL_get_SSL_CTX(ssl));
    if (state != nullptr) chosen = &state->alpn;
  }
  if (chosen == nullptr || chosen->empty()) return SSL_TLSEXT_ERR_NOACK;
  unsigned char* selected = nullptr;
  const int found = SSL_select_next_proto(&selected, out_length, chosen->data(),
                                          static_cast<unsigned int>(chosen->size()), in, in_length);
  *out = selected;
  return found == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

int NeverPrompt(char*, int, int, void*) { return -1; }

}  // namespace

void InstallDefaults(SSL_CTX* ctx) {
  // Without a callback, OpenSSL asks for the password of an encrypted key on the terminal and blocks.
  SSL_CTX_set_default_passwd_cb(ctx, NeverPrompt);
  SSL_CTX_sess_set_new_cb(ctx, OnNewSession);
  // The bytes of a JavaScript buffer are copied for each SSL_write, so a retry always comes from another address.
  SSL_CTX_set_mode(ctx, SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
}

void InstallServerCallbacks(SSL_CTX* ctx) {
  SSL_CTX_set_client_hello_cb(ctx, sslctx_on_client_hello, nullptr);
  SSL_CTX_sess_set_get_cb(ctx, sslctx_on_get_session);
  const bool has_ring = ContextState::Of(ctx)->ring != nullptr;
  SSL_CTX_set_session_ticket_cb(ctx, has_ring ? LabelTicket : nullptr, sslctx_on_ticket_decrypt, nullptr);
  SSL_CTX_set_tlsext_servername_callback(ctx, OnServername);
  SSL_CTX_set_tlsext_status_cb(ctx, OnOcsp);
  SSL_CTX_set_alpn_select_cb(ctx, OnAlpnList, nullptr);
}

void InstallAlpnList(SSL_CTX* ctx) { SSL_CTX_set_alpn_select_cb(ctx, OnAlpnList, nullptr); }

void InstallKeylog(SSL_CTX* ctx) { SSL_CTX_set_keylog_callback(ctx, sslctx_on_keylog); }

int sslctx_accept_any_certificate(int ok, X509_STORE_CTX* store) {
  if (ok == 1) return 1;
  const auto* const ssl =
      static_cast<const SSL*>(X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
  // What is wrong first is the reason; libssl would keep the last.
  int& first = SslState::Of(ssl).verify_error;
  if (first == X509_V_OK) first = X509_STORE_CTX_get_error(store);
  X509_STORE_CTX_set_error(store, first);
  return 1;
}

void TellContext(Call& call, SSL* ssl, const Napi::Value& session) {
  const ContextState* const context = ContextState::Of(SslState::Of(ssl).session_ctx);
  if (context == nullptr) return;
  const Napi::Value record = ValueOf(call.env(), context->RecordFor(call.addon()));
  if (record.IsEmpty()) return;
  call.Guard([&] {
    CallRecord(record.As<Napi::Object>(), CallbackKind::kNewSession, {BorrowSsl(call.addon(), ssl), session});
  });
}

void sslctx_on_remove_session(SSL_CTX* ctx, SSL_SESSION* session) {
  const ContextState* const state = ContextState::Of(ctx);
  if (state == nullptr) return;
  std::shared_ptr<ContextView> view = state->maker;
  if (state->shared) {
    if (!state->shared->OnRemoved(session)) return;
    view = view->all->Tell(Tidings::kRemovedSession, state->serial, session);
  }
  if (view && !view->addon->closing()) view->addon->outbox.QueueRemoved(*view, state->serial, session);
}

SSL_SESSION* sslctx_on_get_session(SSL* ssl, const unsigned char* id, int length, int* copy) {
  // The result carries its own reference, which libssl takes over.
  *copy = 0;
  const SslState& state = SslState::Of(ssl);
  if (state.channel != nullptr) return state.channel->OnLookup(id, length);
  SSL_SESSION* result = nullptr;
  const bool found = IntoJs(*state.addon, [&](Call& call) {
    constexpr const char* kName = "SSL_CTX_sess_set_get_cb";
    ContextState& context = *ContextState::Of(state.session_ctx);
    Connection connection(call, ssl, context.RecordFor(call.addon()));
    const Napi::Value answer =
        connection.Ask(CallbackKind::kGetSession, {ToJs(call.env(), id, static_cast<std::size_t>(length))});
    if (answer.IsNull() || answer.IsUndefined()) return;
    const SessionHandle handle = call.addon().handles.GetSession(call.env(), answer, kName);
    SSL_SESSION* const session = handle.session;
    RequireComplete(call.env(), kName, session);
    unsigned int own_length = 0;
    const unsigned char* const own_id = SSL_SESSION_get_id(session, &own_length);
    if (own_length != static_cast<unsigned int>(length) || std::memcmp(own_id, id, own_length) != 0) {
      ThrowTypeError(call.env(), "ERR_INVALID_ARG_VALUE",
                     std::string(kName) + ": the session has another ID than the one asked for");
    }
    Claim(call.env(), kName, context, handle);
    NoteBeforeAdded(context, session);
    if (SSL_SESSION_up_ref(session) == 1) result = session;
  });
  return found ? result : nullptr;
}

int sslctx_on_client_hello(SSL* ssl, int* alert, void*) {
  int result = SSL_CLIENT_HELLO_SUCCESS;
  if (Channel* const channel = SslState::Of(ssl).channel) return channel->OnClientHello(ssl, alert);
  const MaySwitch may_switch(SslState::Of(ssl));
  const bool done = IntoJs(*SslState::Of(ssl).addon, [&](Call& call) {
    Connection connection(call, ssl, RecordOf(SSL_get_SSL_CTX(ssl), call.addon()));
    const Napi::Value answer = connection.Ask(CallbackKind::kClientHello);
    if (answer.IsUndefined()) return;
    result = ResultWithAlert(call, "SSL_CTX_set_client_hello_cb", answer, alert, SSL_CLIENT_HELLO_RETRY,
                             SSL_CLIENT_HELLO_SUCCESS);
  });
  return done ? result : SSL_CLIENT_HELLO_ERROR;
}

int sslctx_on_generate_session_id(SSL* ssl, unsigned char* id, unsigned int* length) {
  bool filled = false;
  const SslState& state = SslState::Of(ssl);
  const bool done = IntoJs(*state.addon, [&](Call& call) {
    Connection connection(call, ssl, state.record, RecordOf(state.session_ctx, call.addon()));
    const Napi::Value answer = connection.Ask(CallbackKind::kGenerateSessionId, {ToJs(call.env(), *length)});
    if (answer.IsNull() || answer.IsUndefined()) return;
    const Bytes bytes = ToBytes({call.env(), "SSL_CTX_set_generate_session_id", Place::kResult}, answer);
    if (bytes.size == 0 || bytes.size > *length) {
      ThrowRangeError(call.env(),
                      "SSL_CTX_set_generate_session_id: the ID must have 1 to " + std::to_string(*length) + " bytes");
    }
    std::memcpy(id, bytes.data, bytes.size);
    *length = static_cast<unsigned int>(bytes.size);
    filled = true;
  });
  return done && filled ? 1 : 0;
}

int sslctx_on_not_resumable(SSL* ssl, int is_forward_secure) {
  int result = 0;
  const SslState& state = SslState::Of(ssl);
  const bool done = IntoJs(*state.addon, [&](Call& call) {
    Connection connection(call, ssl, state.record);
    const Napi::Value answer = connection.Ask(CallbackKind::kNotResumable, {ToJs(call.env(), is_forward_secure)});
    if (!answer.IsUndefined()) result = IntegerResult(call, "SSL_CTX_set_not_resumable_session_callback", answer, 0, 1);
  });
  // After an exception the safe answer is that nobody may resume.
  return done ? result : 1;
}

int sslctx_on_psk_find_session(SSL* ssl, const unsigned char* identity, size_t length, SSL_SESSION** session) {
  *session = nullptr;
  const SslState& state = SslState::Of(ssl);
  IntoJs(*state.addon, [&](Call& call) {
    constexpr const char* kName = "SSL_CTX_set_psk_find_session_callback";
    Connection connection(call, ssl, state.record);
    const Napi::Value answer = connection.Ask(CallbackKind::kPskFindSession, {ToJs(call.env(), identity, length)});
    if (answer.IsNull() || answer.IsUndefined()) return;
    const SessionHandle handle = call.addon().handles.GetSession(call.env(), answer, kName);
    SSL_SESSION* const found = handle.session;
    RequireComplete(call.env(), kName, found, false);
    Share(handle);
    if (SSL_SESSION_up_ref(found) == 1) *session = found;
  });
  // 1 without a session: an unknown identity, the handshake goes on without the key.
  return 1;
}

int sslctx_on_psk_use_session(SSL* ssl, const EVP_MD* md, const unsigned char** id, size_t* length,
                              SSL_SESSION** session) {
  *session = nullptr;
  *id = nullptr;
  *length = 0;
  SslState& state = SslState::Of(ssl);
  const bool done = IntoJs(*state.addon, [&](Call& call) {
    constexpr const char* kName = "SSL_CTX_set_psk_use_session_callback";
    Connection connection(call, ssl, state.record);
    const Napi::Value digest = md == nullptr ? call.env().Null() : ToJs(call.env(), EVP_MD_get0_name(md));
    const Napi::Value answer = connection.Ask(CallbackKind::kPskUseSession, {digest});
    if (answer.IsNull() || answer.IsUndefined()) return;
    if (!answer.IsObject()) {
      ThrowTypeError(call.env(), "ERR_INVALID_ARG_TYPE",
                     std::string(kName) + ": expected { session, identity } or null");
    }
    // Getters run JavaScript, which may free the session: both are asked first.
    const Napi::Value offered = answer.As<Napi::Object>().Get("session");
    const Napi::Value name = answer.As<Napi::Object>().Get("identity");
    const SessionHandle handle = call.addon().handles.GetSession(call.env(), offered, kName);
    SSL_SESSION* const found = handle.session;
    RequireComplete(call.env(), kName, found, false);
    const Bytes identity = ToBytes({call.env(), kName, Place::kResult}, name);
    if (identity.size == 0 || identity.size > PSK_MAX_IDENTITY_LEN) {
      ThrowRangeError(call.env(), std::string(kName) + ": the identity must have 1 to 256 bytes");
    }
    state.psk_identity.assign(identity.data, identity.data + identity.size);
    Share(handle);
    if (SSL_SESSION_up_ref(found) != 1) return;
    *session = found;
    *id = state.psk_identity.data();
    *length = state.psk_identity.size();
  });
  return done ? 1 : 0;
}

int sslctx_on_ticket_generate(SSL* ssl, void*) {
  int result = 1;
  SSL_SESSION* const session = SSL_get_session(ssl);
  SessionTag* const tag = session == nullptr ? nullptr : &SessionTag::Of(session);
  if (tag != nullptr) tag->ticket_open = true;
  const SslState& state = SslState::Of(ssl);
  const bool done = IntoJs(*state.addon, [&](Call& call) {
    Connection connection(call, ssl, RecordOf(state.session_ctx, call.addon()));
    const Napi::Value answer = connection.Ask(CallbackKind::kTicketGenerate);
    if (!answer.IsUndefined()) result = IntegerResult(call, "SSL_CTX_set_session_ticket_cb", answer, 0, 1);
  });
  if (tag != nullptr) tag->ticket_open = false;
  return done ? result : 0;
}

SSL_TICKET_RETURN sslctx_on_ticket_decrypt(SSL* ssl, SSL_SESSION* session, const unsigned char* key_name, size_t length,
                                           SSL_TICKET_STATUS status, void*) {
  // What libssl does without a callback.
  int result = status == SSL_TICKET_SUCCESS         ? SSL_TICKET_RETURN_USE
               : status == SSL_TICKET_SUCCESS_RENEW ? SSL_TICKET_RETURN_USE_RENEW
                                                    : SSL_TICKET_RETURN_IGNORE_RENEW;
  const SslState& state = SslState::Of(ssl);
  if (IsRevokedTicket(state.session_ctx, session)) {
    if (state.channel != nullptr) state.channel->resumption().OnRevoked();
    return SSL_TICKET_RETURN_IGNORE_RENEW;
  }
  if (state.channel != nullptr) return state.channel->OnTicket(ssl, session, status);
  const bool done = IntoJs(*state.addon, [&](Call& call) {
    Connection connection(call, ssl, RecordOf(state.session_ctx, call.addon()));
    const Napi::Value answer =
        connection.Ask(CallbackKind::kTicketDecrypt,
                       {LendSession(call, ssl, session), BytesOrNull(call, length == 0 ? nullptr : key_name, length),
                        ToJs(call.env(), static_cast<int>(status))});
    if (answer.IsUndefined()) return;
    const int chosen = IntegerResult(call, "SSL_CTX_set_session_ticket_cb", answer, SSL_TICKET_RETURN_ABORT,
                                     SSL_TICKET_RETURN_USE_RENEW);
    const bool uses = chosen == SSL_TICKET_RETURN_USE || chosen == SSL_TICKET_RETURN_USE_RENEW;
    if (uses && session == nullptr) {
      ThrowTypeError(call.env(), "ERR_INVALID_ARG_VALUE",
                     "SSL_CTX_set_session_ticket_cb: there is no session to use: the ticket did not decrypt");
    }
    result = chosen;
  });
  // After an exception a full handshake. Not ABORT: OpenSSL 3.0.19 leaks the session then, in TLS 1.3.
  return done ? result : SSL_TICKET_RETURN_IGNORE;
}

int sslctx_on_ticket_key(SSL* ssl, unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* mac,
                         int encrypt) {
  int result = -1;
  const SslState& state = SslState::Of(ssl);
  const bool done = IntoJs(*state.addon, [&](Call& call) {
    Connection connection(call, ssl, RecordOf(state.session_ctx, call.addon()));
    const Napi::Value key_name = encrypt != 0 ? call.env().Null() : ToJs(call.env(), name, kTicketKeyNameLength);
    const Napi::Value answer = connection.Ask(CallbackKind::kTicketKey, {key_name, ToJs(call.env(), encrypt)});
    result = answer.IsUndefined() ? 0 : UseTicketKey(call.env(), answer, {name, iv, cipher, mac, encrypt != 0});
  });
  return done ? result : -1;
}

int sslctx_on_allow_early_data(SSL* ssl, void*) {
  int result = 0;
  const SslState& state = SslState::Of(ssl);
  const bool done = IntoJs(*state.addon, [&](Call& call) {
    Connection connection(call, ssl, state.record);
    const Napi::Value answer = connection.Ask(CallbackKind::kAllowEarlyData);
    result = answer.IsUndefined() ? 1 : IntegerResult(call, "SSL_CTX_set_allow_early_data_cb", answer, 0, 1);
  });
  return done ? result : 0;
}

int sslctx_on_servername(SSL* ssl, int* alert, void* arg) {
  int result = SSL_TLSEXT_ERR_NOACK;
  const MaySwitch may_switch(SslState::Of(ssl));
  const bool done = IntoJs(*SslState::Of(ssl).addon, [&](Call& call) {
    Connection connection(call, ssl, static_cast<const ContextState*>(arg)->RecordFor(call.addon()));
    const Napi::Value answer = connection.Ask(CallbackKind::kServername);
    if (answer.IsUndefined()) return;
    result = ResultWithAlert(call, "SSL_CTX_set_tlsext_servername_callback", answer, alert, SSL_TLSEXT_ERR_OK,
                             SSL_TLSEXT_ERR_NOACK);
  });
  return done ? result : SSL_TLSEXT_ERR_ALERT_FATAL;
}

int sslctx_on_alpn_select(SSL* ssl, const unsigned char** out, unsigned char* out_length, const unsigned char* in,
                          unsigned int in_length, void* arg) {
  int result = SSL_TLSEXT_ERR_NOACK;
  SslState& state = SslState::Of(ssl);
  const bool done = IntoJs(*state.addon, [&](Call& call) {
    constexpr const char* kName = "SSL_CTX_set_alpn_select_cb";
    Connection connection(call, ssl, static_cast<const ContextState*>(arg)->RecordFor(call.addon()));
    const Napi::Value answer = connection.Ask(CallbackKind::kAlpnSelect, {ToJs(call.env(), in, in_length)});
    if (answer.IsNull() || answer.IsUndefined()) return;
    if (answer.IsNumber()) {
      result = IntegerResult(call, kName, answer, SSL_TLSEXT_ERR_ALERT_WARNING, SSL_TLSEXT_ERR_NOACK);
      return;
    }
    const Bytes bytes = ToBytes({call.env(), kName, Place::kResult}, answer);
    if (bytes.size == 0 || bytes.size > 255)
      ThrowRangeError(call.env(), std::string(kName) + ": a protocol has 1 to 255 bytes");
    state.selected_alpn.assign(bytes.data, bytes.data + bytes.size);
    *out = state.selected_alpn.data();
    *out_length = static_cast<unsigned char>(bytes.size);
    result = SSL_TLSEXT_ERR_OK;
  });
  return done ? result : SSL_TLSEXT_ERR_ALERT_FATAL;
}

void sslctx_on_keylog(const SSL* ssl, const char* line) {
  if (Channel* const channel = SslState::Of(ssl).channel) {
    channel->OnKeylog(line);
    return;
  }
  IntoJs(*SslState::Of(ssl).addon, [&](Call& call) {
    Connection connection(call, ssl, RecordOf(SSL_get_SSL_CTX(ssl), call.addon()));
    connection.Ask(CallbackKind::kKeylog, {ToJs(call.env(), line)});
  });
}

void sslctx_on_info(const SSL* ssl, int where, int value) {
  const SslState& state = SslState::Of(ssl);
  IntoJs(*state.addon, [&](Call& call) {
    Connection connection(call, ssl, state.record, RecordOf(SSL_get_SSL_CTX(ssl), call.addon()));
    connection.Ask(CallbackKind::kInfo, {ToJs(call.env(), where), ToJs(call.env(), value)});
  });
}

void sslctx_on_message(int write, int version, int content_type, const void* data, size_t length, SSL* ssl, void*) {
  const SslState& state = SslState::Of(ssl);
  IntoJs(*state.addon, [&](Call& call) {
    const Napi::Env env = call.env();
    const Connection connection(call, ssl, state.record);
    const Napi::Value function = connection.Find(CallbackKind::kMessage);
    if (function.IsUndefined()) return;
    // C passes the SSL last here.
    function.As<Napi::Function>().Call(
        {ToJs(env, write), ToJs(env, version), ToJs(env, content_type), ToJs(env, data, length), connection.ssl()});
  });
}

}  // namespace sslctx
