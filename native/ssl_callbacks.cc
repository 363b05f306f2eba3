// The setters of callbacks. JavaScript keeps the function in its callback record; here the C callback goes in or out.

#include "call.h"
#include "callbacks.h"
#include "groups.h"
#include "state.h"

namespace sslctx {

namespace {

/// Argument 1 tells whether there is a callback now. In a context of several threads, libssl goes on to call what was
/// there when it was shared, and each thread's record decides: others cannot come in any more.
template <void (*set)(SSL_CTX* ctx, bool on)>
Napi::Value OnContext(Call& call) {
  SSL_CTX* const ctx = call.Handle<SSL_CTX>(0);
  ContextState& state = *ContextState::Of(ctx);
  const bool on = call[1].ToBoolean();
  const auto setter = reinterpret_cast<std::uintptr_t>(set);
  if (!state.shared) {
    set(ctx, on);
    if (on) {
      state.callbacks.insert(setter);
    } else {
      state.callbacks.erase(setter);
    }
  } else if (on && !state.callbacks.contains(setter)) {
    call.Configurable(0);
  }
  return call.env().Undefined();
}

/// Of callbacks that only tell: each thread says whether it wants to know.
template <std::atomic<bool> ContextView::* wants>
void Want(Call& call, const ContextState& state) {
  if (const auto view = state.ViewOf(call.addon())) (*view).*wants = call[1].ToBoolean();
}

template <void (*set)(SSL* ssl, bool on)>
Napi::Value OnConnection(Call& call) {
  set(call.Handle<SSL>(0), call[1].ToBoolean());
  return call.env().Undefined();
}

template <typename Callback>
Callback If(bool on, Callback callback) {
  return on ? callback : nullptr;
}

// The new callback is always there, to learn whose the sessions are; the record decides whether JavaScript hears of it.
Napi::Value SetNew(Call& call) {
  Want<&ContextView::wants_new>(call, *ContextState::Of(call.Handle<SSL_CTX>(0)));
  return call.env().Undefined();
}

// Never there unless asked for, or needed: its mere presence makes libssl cache stateless TLS 1.3 sessions.
Napi::Value SetRemove(Call& call) {
  SSL_CTX* const ctx = call.Handle<SSL_CTX>(0);
  const ContextState& state = *ContextState::Of(ctx);
  Want<&ContextView::wants_removed>(call, state);
  if (!state.shared) SSL_CTX_sess_set_remove_cb(ctx, If(call[1].ToBoolean(), sslctx_on_remove_session));
  return call.env().Undefined();
}

void SetGet(SSL_CTX* ctx, bool on) { SSL_CTX_sess_set_get_cb(ctx, If(on, sslctx_on_get_session)); }

void SetClientHello(SSL_CTX* ctx, bool on) {
  SSL_CTX_set_client_hello_cb(ctx, If(on, sslctx_on_client_hello), nullptr);
}

void SetGenerateId(SSL_CTX* ctx, bool on) {
  SSL_CTX_set_generate_session_id(ctx, If(on, sslctx_on_generate_session_id));
}
void SetGenerateIdOnSsl(SSL* ssl, bool on) { SSL_set_generate_session_id(ssl, If(on, sslctx_on_generate_session_id)); }

void SetNotResumable(SSL_CTX* ctx, bool on) {
  SSL_CTX_set_not_resumable_session_callback(ctx, If(on, sslctx_on_not_resumable));
}
void SetNotResumableOnSsl(SSL* ssl, bool on) {
  SSL_set_not_resumable_session_callback(ssl, If(on, sslctx_on_not_resumable));
}

void SetPskFind(SSL_CTX* ctx, bool on) {
  SSL_CTX_set_psk_find_session_callback(ctx, If(on, sslctx_on_psk_find_session));
}
void SetPskFindOnSsl(SSL* ssl, bool on) { SSL_set_psk_find_session_callback(ssl, If(on, sslctx_on_psk_find_session)); }
void SetPskUse(SSL_CTX* ctx, bool on) { SSL_CTX_set_psk_use_session_callback(ctx, If(on, sslctx_on_psk_use_session)); }
void SetPskUseOnSsl(SSL* ssl, bool on) { SSL_set_psk_use_session_callback(ssl, If(on, sslctx_on_psk_use_session)); }

void SetTicketKey(SSL_CTX* ctx, bool on) { SSL_CTX_set_tlsext_ticket_key_evp_cb(ctx, If(on, sslctx_on_ticket_key)); }

void SetAllowEarlyData(SSL_CTX* ctx, bool on) {
  SSL_CTX_set_allow_early_data_cb(ctx, If(on, sslctx_on_allow_early_data), nullptr);
}
void SetAllowEarlyDataOnSsl(SSL* ssl, bool on) {
  SSL_set_allow_early_data_cb(ssl, If(on, sslctx_on_allow_early_data), nullptr);
}

void SetServername(SSL_CTX* ctx, bool on) {
  SSL_CTX_set_tlsext_servername_callback(ctx, If(on, sslctx_on_servername));
  SSL_CTX_set_tlsext_servername_arg(ctx, ContextState::Of(ctx));
}

void SetAlpnSelect(SSL_CTX* ctx, bool on) {
  SSL_CTX_set_alpn_select_cb(ctx, If(on, sslctx_on_alpn_select), ContextState::Of(ctx));
}

void SetKeylog(SSL_CTX* ctx, bool on) { SSL_CTX_set_keylog_callback(ctx, If(on, sslctx_on_keylog)); }
void SetInfo(SSL_CTX* ctx, bool on) { SSL_CTX_set_info_callback(ctx, If(on, sslctx_on_info)); }
void SetInfoOnSsl(SSL* ssl, bool on) { SSL_set_info_callback(ssl, If(on, sslctx_on_info)); }
void SetMessage(SSL_CTX* ctx, bool on) { SSL_CTX_set_msg_callback(ctx, If(on, sslctx_on_message)); }

// Stays for good: for one record libssl looks whether there is a callback once, and calls it twice.
void SetMessageOnSsl(SSL* ssl, bool on) {
  if (on) SSL_set_msg_callback(ssl, sslctx_on_message);
}

Napi::Value SetSessionTicket(Call& call) {
  SSL_CTX* const ctx = call.Configurable(0);
  return ToJs(call.env(), SSL_CTX_set_session_ticket_cb(ctx, If(call[1].ToBoolean(), sslctx_on_ticket_generate),
                                                        If(call[2].ToBoolean(), sslctx_on_ticket_decrypt), nullptr));
}

constexpr Export kExports[] = {
    SSLCTX_BODY(SSL_CTX_sess_set_new_cb, SetNew),
    SSLCTX_BODY(SSL_CTX_sess_set_remove_cb, SetRemove),
    SSLCTX_BODY(SSL_CTX_sess_set_get_cb, OnContext<SetGet>),
    SSLCTX_BODY(SSL_CTX_set_client_hello_cb, OnContext<SetClientHello>),
    SSLCTX_BODY(SSL_CTX_set_generate_session_id, OnContext<SetGenerateId>),
    SSLCTX_BODY(SSL_set_generate_session_id, OnConnection<SetGenerateIdOnSsl>),
    SSLCTX_BODY(SSL_CTX_set_not_resumable_session_callback, OnContext<SetNotResumable>),
    SSLCTX_BODY(SSL_set_not_resumable_session_callback, OnConnection<SetNotResumableOnSsl>),
    SSLCTX_BODY(SSL_CTX_set_psk_find_session_callback, OnContext<SetPskFind>),
    SSLCTX_BODY(SSL_set_psk_find_session_callback, OnConnection<SetPskFindOnSsl>),
    SSLCTX_BODY(SSL_CTX_set_psk_use_session_callback, OnContext<SetPskUse>),
    SSLCTX_BODY(SSL_set_psk_use_session_callback, OnConnection<SetPskUseOnSsl>),
    SSLCTX_BODY(SSL_CTX_set_tlsext_ticket_key_evp_cb, OnContext<SetTicketKey>),
    SSLCTX_BODY(SSL_CTX_set_session_ticket_cb, SetSessionTicket),
    SSLCTX_BODY(SSL_CTX_set_allow_early_data_cb, OnContext<SetAllowEarlyData>),
    SSLCTX_BODY(SSL_set_allow_early_data_cb, OnConnection<SetAllowEarlyDataOnSsl>),
    SSLCTX_BODY(SSL_CTX_set_tlsext_servername_callback, OnContext<SetServername>),
    SSLCTX_BODY(SSL_CTX_set_alpn_select_cb, OnContext<SetAlpnSelect>),
    SSLCTX_BODY(SSL_CTX_set_keylog_callback, OnContext<SetKeylog>),
    SSLCTX_BODY(SSL_CTX_set_info_callback, OnContext<SetInfo>),
    SSLCTX_BODY(SSL_set_info_callback, OnConnection<SetInfoOnSsl>),
    SSLCTX_BODY(SSL_CTX_set_msg_callback, OnContext<SetMessage>),
    SSLCTX_BODY(SSL_set_msg_callback, OnConnection<SetMessageOnSsl>),
};

}  // namespace

std::span<const Export> SslCallbackExports() { return kExports; }

}  // namespace sslctx
