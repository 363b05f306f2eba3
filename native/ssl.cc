// SSL: one connection.

#include <algorithm>
#include <cstring>
#include <vector>

#include "call.h"
#include "callbacks.h"
#include "groups.h"
#include "state.h"

namespace sslctx {

namespace {

/// The SSL of argument 0, and what the binding keeps with it.
struct Target {
  SSL* ssl;
  SslState& state;
};

Target Of(Call& call) {
  SSL* const ssl = call.Handle<SSL>(0);
  return {ssl, SslState::Of(ssl)};
}

/// As Of, for what must not happen inside of a callback of the same connection.
Target Idle(Call& call) {
  const Target target = Of(call);
  if (target.state.busy != 0) {
    ThrowError(call.env(), "ERR_SSLCTX_BUSY",
               std::string(call.name()) + ": the connection is inside of libssl, which called this callback");
  }
  return target;
}

/// As Idle, for what would break a connection that has begun its handshake.
Target NotStarted(Call& call) {
  const Target target = Idle(call);
  if (!SSL_in_before(target.ssl)) {
    ThrowError(call.env(), "ERR_SSLCTX_STATE", std::string(call.name()) + ": the handshake has begun already");
  }
  return target;
}

/// SSL_get_error asks the BIO that the connection waits for, also when it has been taken away.
int ErrorOf(const SSL* ssl, int result) {
  const int want = SSL_want(ssl);
  const bool gone =
      (want == SSL_READING && SSL_get_rbio(ssl) == nullptr) || (want == SSL_WRITING && SSL_get_wbio(ssl) == nullptr);
  return result <= 0 && gone ? SSL_ERROR_SYSCALL : SSL_get_error(ssl, result);
}

/// Runs one I/O operation: libssl may call JavaScript, which may free every handle there is.
template <typename Operation>
int Perform(const Target& target, Operation&& operation) {
  SSL* const ssl = target.ssl;
  SSL_up_ref(ssl);
  const Owned<SSL, SSL_free> pin(ssl);
  // SSL_get_error looks at the thread's errors first: an old one would turn "want read" into a failure.
  ErrorQueue::ClearThread();
  target.state.busy++;
  const int result = operation(ssl);
  target.state.busy--;
  // Asked now, while the errors are still there.
  target.state.last_error = ErrorOf(ssl, result);
  target.state.has_last_error = true;
  return result;
}

template <int (*operation)(SSL*)>
Napi::Value Operate(Call& call) {
  return ToJs(call.env(), Perform(Idle(call), operation));
}

// A record has at most 16 KiB of data, and SSL_read returns at most one record.
constexpr std::size_t kMaxRead = 16 * 1024 + 256;

template <int (*read)(SSL*, void*, int)>
Napi::Value ReadWith(Call& call) {
  const Target target = Idle(call);
  // Into memory of our own: a callback may detach or shrink the caller's buffer in the meantime.
  std::vector<std::uint8_t> data(std::min(call.Get<Bytes>(1).size, kMaxRead));
  const int result = Perform(target, [&](SSL* ssl) { return read(ssl, data.data(), static_cast<int>(data.size())); });
  if (result > 0) {
    const Bytes buffer = call.Get<Bytes>(1);
    const std::size_t length = std::min(buffer.size, static_cast<std::size_t>(result));
    if (length != 0) std::memcpy(buffer.data, data.data(), length);
    OPENSSL_cleanse(data.data(), static_cast<std::size_t>(result));
  }
  return ToJs(call.env(), result);
}

CopiedBytes ToWrite(Call& call) {
  CopiedBytes bytes = call.Get<CopiedBytes>(1);
  if (bytes.size() > INT32_MAX) ThrowRangeError(call.env(), std::string(call.name()) + ": at most 2147483647 bytes");
  return bytes;
}

Napi::Value Write(Call& call) {
  const Target target = Idle(call);
  const CopiedBytes bytes = ToWrite(call);
  return ToJs(call.env(),
              Perform(target, [&](SSL* ssl) { return SSL_write(ssl, bytes.data(), static_cast<int>(bytes.size())); }));
}

Napi::Value ReadEarlyData(Call& call) {
  const Target target = Idle(call);
  std::vector<std::uint8_t> data(std::min(call.Get<Bytes>(1).size, kMaxRead));
  std::size_t bytes_read = 0;
  int status = SSL_READ_EARLY_DATA_ERROR;
  Perform(target, [&](SSL* ssl) {
    status = SSL_read_early_data(ssl, data.data(), data.size(), &bytes_read);
    // SSL_get_error wants the sign of an ordinary read.
    return status == SSL_READ_EARLY_DATA_ERROR ? -1 : 1;
  });
  const Bytes buffer = call.Get<Bytes>(1);
  const std::size_t length = std::min(buffer.size, bytes_read);
  if (length != 0) std::memcpy(buffer.data, data.data(), length);
  OPENSSL_cleanse(data.data(), bytes_read);
  Napi::Object result = Napi::Object::New(call.env());
  result.Set("status", ToJs(call.env(), status));
  result.Set("bytesRead", ToJs(call.env(), length));
  return result;
}

Napi::Value WriteEarlyData(Call& call) {
  const Target target = Idle(call);
  const CopiedBytes bytes = ToWrite(call);
  std::size_t written = 0;
  const int result =
      Perform(target, [&](SSL* ssl) { return SSL_write_early_data(ssl, bytes.data(), bytes.size(), &written); });
  return result == 1 ? ToJs(call.env(), written) : ToJs(call.env(), -1);
}

Napi::Value GetError(Call& call) {
  const Target target = Of(call);
  const int result = call.Get<int>(1);
  if (result > 0 || !target.state.has_last_error) return ToJs(call.env(), ErrorOf(target.ssl, result));
  return ToJs(call.env(), target.state.last_error);
}

Napi::Value New(Call& call) {
  SSL_CTX* const ctx = call.Handle<SSL_CTX>(0);
  Owned<SSL, SSL_free> ssl(SSL_new(ctx));
  if (!ssl) return call.env().Null();
  const Napi::Object record = Napi::Object::New(call.env());
  SslState::Attach(ssl.get(), call.addon(), WeakRecord(call.env(), record), ctx);
  // Not SSL_is_server, which says 1 for TLS_method() as long as nothing is decided.
  SslState::Of(ssl.get()).accepts = SSL_get_ssl_method(ssl.get()) == TLS_server_method();
  return call.addon().handles.Own(call.env(), Kind::kSsl, ssl.release(), record);
}

/// What runs on a socket belongs to the socket.
Target OwnTarget(Call& call) {
  const Target target = Idle(call);
  if (target.state.channel != nullptr) {
    ThrowError(call.env(), "ERR_SSLCTX_STATE", std::string(call.name()) + ": the connection runs on a socket");
  }
  return target;
}

Napi::Value SetBio(Call& call) {
  const Target target = OwnTarget(call);
  BIO* const read = call.HandleOrNull<BIO>(1);
  BIO* const write = call.HandleOrNull<BIO>(2);
  // C moves the references of the caller; here the handles keep theirs.
  if (read != nullptr) BIO_up_ref(read);
  if (write != nullptr) BIO_up_ref(write);
  SSL_set0_rbio(target.ssl, read);
  SSL_set0_wbio(target.ssl, write);
  return call.env().Undefined();
}

template <BIO* (*get)(const SSL*)>
Napi::Value GetBio(Call& call) {
  return call.addon().handles.Borrow(call.env(), Kind::kBio, get(call.Handle<SSL>(0)));
}

template <void (*set)(SSL*), bool server>
Napi::Value SetState(Call& call) {
  const Target target = NotStarted(call);
  set(target.ssl);
  target.state.accepts = server;
  return call.env().Undefined();
}

Napi::Value Clear(Call& call) {
  const Target target = Idle(call);
  return ToJs(call.env(), Perform(target, [](SSL* ssl) { return SSL_clear(ssl); }));
}

Napi::Value SetContext(Call& call) {
  const Target target = Of(call);
  SSL_CTX* const ctx = call.Handle<SSL_CTX>(1);
  // Later on libssl has pointers into the certificates of the context that would be given up.
  const bool idle = target.state.busy == 0;
  if (!target.state.may_switch && !(idle && (SSL_in_before(target.ssl) || SSL_want_client_hello_cb(target.ssl)))) {
    ThrowError(call.env(), idle ? "ERR_SSLCTX_STATE" : "ERR_SSLCTX_BUSY",
               std::string(call.name()) +
                   ": only before the handshake, or inside of the client hello and servername callbacks");
  }
  SSL_CTX* const now = SSL_set_SSL_CTX(target.ssl, ctx);
  return call.addon().handles.Borrow(call.env(), Kind::kSslCtx, now);
}

Napi::Value GetContext(Call& call) {
  SSL_CTX* const ctx = SSL_get_SSL_CTX(call.Handle<SSL>(0));
  const ContextState* const state = ContextState::Of(ctx);
  napi_value record = nullptr;
  if (state != nullptr) napi_get_reference_value(call.env(), state->RecordFor(call.addon()), &record);
  if (const Napi::Value object = call.addon().handles.Find(call.env(), ctx); !object.IsEmpty()) return object;
  SSL_CTX_up_ref(ctx);
  return call.addon().handles.Own(call.env(), Kind::kSslCtx, ctx, record);
}

Napi::Value SetSession(Call& call) {
  const Target target = NotStarted(call);
  SSL_SESSION* const session = call.HandleOrNull<SSL_SESSION>(1);
  if (target.state.accepts) {
    ThrowError(call.env(), "ERR_SSLCTX_STATE", std::string(call.name()) + ": only a client offers a session");
  }
  if (session != nullptr) {
    // libssl offers only what is resumable; the session of a connection that got no ticket is neither that nor
    // complete.
    if (SSL_SESSION_is_resumable(session) == 1) RequireComplete(call.env(), call.name(), session, false);
    Share(call.Session(1));
  }
  return ToJs(call.env(), SSL_set_session(target.ssl, session));
}

Napi::Value CopySessionId(Call& call) {
  const Target to = NotStarted(call);
  SSL* const from = call.Handle<SSL>(1);
  if (to.state.accepts || SslState::Of(from).busy != 0) {
    ThrowError(call.env(), "ERR_SSLCTX_STATE", std::string(call.name()) + ": only between idle clients");
  }
  // From here on the other connection's context may hand it out as well.
  if (SSL_SESSION* const session = SSL_get_session(from)) {
    const std::uint64_t home = ClaimFromConnection(from, session);
    SessionTag& tag = SessionTag::Of(session);
    std::uint64_t none = 0;
    tag.home.compare_exchange_strong(none, home);
    tag.frozen = true;
  }
  return ToJs(call.env(), SSL_copy_session_id(to.ssl, from));
}

// get0 and get1 are the same here, except that get1 gives the handle one more reference to free.
template <bool one>
Napi::Value GetSession(Call& call) {
  SSL* const ssl = call.Handle<SSL>(0);
  SSL_SESSION* const session = one ? SSL_get1_session(ssl) : SSL_get_session(ssl);
  if (session == nullptr) return call.env().Null();
  if (!one) {
    const std::uint64_t home = ClaimFromConnection(ssl, session);
    return call.addon().handles.BorrowSession(call.env(), session, home);
  }
  OwnedSession own(session);
  const std::uint64_t home = ClaimFromConnection(ssl, session);
  return call.addon().handles.OwnSession(call.env(), own.release(), home);
}

Napi::Value HasMatchingSessionId(Call& call) {
  SSL* const ssl = call.Handle<SSL>(0);
  const Bytes bytes = call.Get<Bytes>(1);
  if (bytes.size == 0 || bytes.size > SSL_MAX_SSL_SESSION_ID_LENGTH) return ToJs(call.env(), 0);
  return ToJs(call.env(), SSL_has_matching_session_id(ssl, bytes.data, static_cast<unsigned int>(bytes.size)));
}

Napi::Value SetIdContext(Call& call) {
  SSL* const ssl = call.Handle<SSL>(0);
  const Bytes bytes = call.Get<Bytes>(1);
  if (bytes.size > SSL_MAX_SID_CTX_LENGTH) {
    ThrowRangeError(call.env(), std::string(call.name()) + ": a session ID context has at most 32 bytes");
  }
  const unsigned char empty = 0;
  return ToJs(call.env(), SSL_set_session_id_context(ssl, bytes.size == 0 ? &empty : bytes.data,
                                                     static_cast<unsigned int>(bytes.size)));
}

Napi::Value GetCurrentCipher(Call& call) {
  auto* const cipher = const_cast<SSL_CIPHER*>(SSL_get_current_cipher(call.Handle<SSL>(0)));
  return call.addon().handles.Borrow(call.env(), Kind::kSslCipher, cipher);
}

Napi::Value GetPeerCertificate(Call& call) {
  X509* const certificate = SSL_get1_peer_certificate(call.Handle<SSL>(0));
  return certificate == nullptr ? call.env().Null() : call.addon().handles.Own(call.env(), Kind::kX509, certificate);
}

Napi::Value GetPeerChain(Call& call) {
  const STACK_OF(X509)* const chain = SSL_get_peer_cert_chain(call.Handle<SSL>(0));
  if (chain == nullptr) return call.env().Null();
  Napi::Array result = Napi::Array::New(call.env());
  for (int i = 0; i < sk_X509_num(chain); ++i) {
    result.Set(static_cast<std::uint32_t>(i),
               call.addon().handles.Borrow(call.env(), Kind::kX509, sk_X509_value(chain, i)));
  }
  return result;
}

Napi::Value GetAlpn(Call& call) {
  const unsigned char* alpn = nullptr;
  unsigned int length = 0;
  SSL_get0_alpn_selected(call.Handle<SSL>(0), &alpn, &length);
  return alpn == nullptr ? call.env().Null() : ToJs(call.env(), alpn, length);
}

Napi::Value SetAlpnProtos(Call& call) {
  SSL* const ssl = call.Handle<SSL>(0);
  const Bytes bytes = call.Get<Bytes>(1);
  return ToJs(call.env(), SSL_set_alpn_protos(ssl, bytes.data, static_cast<unsigned int>(bytes.size)));
}

Napi::Value GetOwnCertificate(Call& call) {
  return call.addon().handles.Borrow(call.env(), Kind::kX509, SSL_get_certificate(call.Handle<SSL>(0)));
}

Napi::Value SetMaxSendFragment(Call& call) {
  SSL* const ssl = call.Handle<SSL>(0);
  return ToJs(call.env(), SSL_set_max_send_fragment(ssl, call.Get<long>(1)));
}

Napi::Value SetStatusType(Call& call) {
  SSL* const ssl = call.Handle<SSL>(0);
  return ToJs(call.env(), SSL_set_tlsext_status_type(ssl, call.Get<int>(1)));
}

Napi::Value GetOcspResponse(Call& call) {
  const unsigned char* response = nullptr;
  const long length = SSL_get_tlsext_status_ocsp_resp(call.Handle<SSL>(0), &response);
  return response == nullptr || length < 0 ? call.env().Null()
                                           : ToJs(call.env(), response, static_cast<std::size_t>(length));
}

Napi::Value SetHostName(Call& call) {
  SSL* const ssl = call.Handle<SSL>(0);
  if (call[1].IsNull()) return ToJs(call.env(), SSL_set_tlsext_host_name(ssl, nullptr));
  const auto name = call.Get<std::string>(1);
  return ToJs(call.env(), SSL_set_tlsext_host_name(ssl, name.c_str()));
}

template <std::size_t (*get)(const SSL*, void*, std::size_t)>
Napi::Value GetFinished(Call& call) {
  unsigned char bytes[EVP_MAX_MD_SIZE];
  const std::size_t length = get(call.Handle<SSL>(0), bytes, sizeof bytes);
  return ToJs(call.env(), bytes, std::min(length, sizeof bytes));
}

Napi::Value ExportKeyingMaterial(Call& call) {
  SSL* const ssl = call.Handle<SSL>(0);
  std::vector<unsigned char> out(static_cast<std::size_t>(call.Get<Ranged<1, 65536>>(1)));
  const auto label = call.Get<std::string>(2);
  const bool use_context = !call[3].IsNull() && !call[3].IsUndefined();
  const CopiedBytes context = use_context ? call.Get<CopiedBytes>(3) : CopiedBytes();
  const int done = SSL_export_keying_material(ssl, out.data(), out.size(), label.c_str(), label.size(), context.data(),
                                              context.size(), use_context ? 1 : 0);
  const Napi::Value result = done == 1 ? ToJs(call.env(), out.data(), out.size()) : call.env().Null();
  OPENSSL_cleanse(out.data(), out.size());
  return result;
}

using TicketCount = Ranged<0, 32>;
using Shutdown = Ranged<0, 3>;
using Version = Ranged<0, 0xffff>;
using VerifyMode = Ranged<0, 15>;

int Renegotiate(SSL* ssl) { return SSL_renegotiate(ssl); }
int RenegotiateAbbreviated(SSL* ssl) { return SSL_renegotiate_abbreviated(ssl); }

Napi::Value SetShutdown(Call& call) {
  const Target target = Idle(call);
  SSL_set_shutdown(target.ssl, static_cast<int>(call.Get<Shutdown>(1)));
  return call.env().Undefined();
}

}  // namespace

Napi::Value BorrowSsl(Addon& addon, SSL* ssl) {
  const Napi::Env env = addon.env();
  if (const Napi::Value object = addon.handles.Find(env, ssl); !object.IsEmpty()) return object;
  const Napi::Object record = Napi::Object::New(env);
  const napi_ref weak = WeakRecord(env, record);
  SslState& state = SslState::Of(ssl);
  if (state.record != nullptr) napi_delete_reference(env, state.record);
  state.record = weak;
  SSL_up_ref(ssl);
  return addon.handles.Own(env, Kind::kSsl, ssl, record);
}

namespace {

constexpr Export kExports[] = {
    SSLCTX_BODY(SSL_new, New),
    SSLCTX_BODY(SSL_up_ref, UpRef<Kind::kSsl>),
    SSLCTX_BODY(SSL_free, Free<Kind::kSsl>),
    SSLCTX_BODY(SSL_clear, Clear),
    SSLCTX_BODY(SSL_set_SSL_CTX, SetContext),
    SSLCTX_BODY(SSL_get_SSL_CTX, GetContext),
    SSLCTX_BODY(SSL_set_bio, SetBio),
    SSLCTX_BODY(SSL_get_rbio, GetBio<SSL_get_rbio>),
    SSLCTX_BODY(SSL_get_wbio, GetBio<SSL_get_wbio>),
    SSLCTX_BODY(SSL_set_connect_state, (SetState<SSL_set_connect_state, false>)),
    SSLCTX_BODY(SSL_set_accept_state, (SetState<SSL_set_accept_state, true>)),
    SSLCTX_QUIET(SSL_is_server),
    SSLCTX_BODY(SSL_do_handshake, Operate<SSL_do_handshake>),
    SSLCTX_BODY(SSL_connect, Operate<SSL_connect>),
    SSLCTX_BODY(SSL_accept, Operate<SSL_accept>),
    SSLCTX_BODY(SSL_read, ReadWith<SSL_read>),
    SSLCTX_BODY(SSL_peek, ReadWith<SSL_peek>),
    SSLCTX_BODY(SSL_write, Write),
    SSLCTX_BODY(SSL_read_early_data, ReadEarlyData),
    SSLCTX_BODY(SSL_write_early_data, WriteEarlyData),
    SSLCTX_BODY(SSL_shutdown, Operate<SSL_shutdown>),
    SSLCTX_BODY(SSL_renegotiate, Operate<Renegotiate>),
    SSLCTX_BODY(SSL_renegotiate_abbreviated, Operate<RenegotiateAbbreviated>),
    SSLCTX_BODY(SSL_new_session_ticket, Operate<SSL_new_session_ticket>),
    SSLCTX_BODY(SSL_verify_client_post_handshake, Operate<SSL_verify_client_post_handshake>),
    SSLCTX_LAMBDA(
        SSL_set_post_handshake_auth,
        [](SSL* ssl, Ranged<0, 1> on) -> void { SSL_set_post_handshake_auth(ssl, static_cast<int>(on.value)); }),
    SSLCTX_BODY(SSL_get_error, GetError),
    SSLCTX_QUIET(SSL_get_shutdown),
    SSLCTX_BODY(SSL_set_shutdown, SetShutdown),
    SSLCTX_LAMBDA(SSL_set_quiet_shutdown,
                  [](SSL* ssl, Ranged<0, 1> on) -> void { SSL_set_quiet_shutdown(ssl, static_cast<int>(on.value)); }),
    SSLCTX_PLAIN(SSL_pending),
    SSLCTX_PLAIN(SSL_has_pending),
    SSLCTX_LAMBDA(SSL_in_init, [](const SSL* ssl) -> int { return SSL_in_init(ssl); }),
    SSLCTX_LAMBDA(SSL_in_before, [](const SSL* ssl) -> int { return SSL_in_before(ssl); }),
    SSLCTX_LAMBDA(SSL_is_init_finished, [](const SSL* ssl) -> int { return SSL_is_init_finished(ssl); }),
    SSLCTX_LAMBDA(SSL_want_client_hello_cb, [](SSL* ssl) -> int { return SSL_want_client_hello_cb(ssl); }),
    SSLCTX_QUIET(SSL_want),
    SSLCTX_BODY(SSL_set_session, SetSession),
    SSLCTX_BODY(SSL_copy_session_id, CopySessionId),
    SSLCTX_BODY(SSL_get_session, GetSession<false>),
    SSLCTX_BODY(SSL_get0_session, GetSession<false>),
    SSLCTX_BODY(SSL_get1_session, GetSession<true>),
    SSLCTX_QUIET(SSL_session_reused),
    SSLCTX_BODY(SSL_has_matching_session_id, HasMatchingSessionId),
    SSLCTX_BODY(SSL_set_session_id_context, SetIdContext),
    SSLCTX_QUIET(SSL_get_default_timeout),
    SSLCTX_LAMBDA(
        SSL_set_num_tickets,
        [](SSL* ssl, TicketCount n) -> int { return SSL_set_num_tickets(ssl, static_cast<size_t>(n.value)); }),
    SSLCTX_QUIET(SSL_get_num_tickets),
    SSLCTX_PLAIN(SSL_set_max_early_data),
    SSLCTX_QUIET(SSL_get_max_early_data),
    SSLCTX_PLAIN(SSL_set_recv_max_early_data),
    SSLCTX_QUIET(SSL_get_recv_max_early_data),
    SSLCTX_QUIET(SSL_get_early_data_status),
    SSLCTX_PLAIN(SSL_set_options),
    SSLCTX_QUIET(SSL_get_options),
    SSLCTX_PLAIN(SSL_clear_options),
    SSLCTX_LAMBDA(
        SSL_set_min_proto_version,
        [](SSL* ssl, Version v) -> long { return SSL_set_min_proto_version(ssl, static_cast<int>(v.value)); }),
    SSLCTX_LAMBDA(
        SSL_set_max_proto_version,
        [](SSL* ssl, Version v) -> long { return SSL_set_max_proto_version(ssl, static_cast<int>(v.value)); }),
    SSLCTX_PLAIN(SSL_set_cipher_list),
    SSLCTX_PLAIN(SSL_set_ciphersuites),
    SSLCTX_LAMBDA(
        SSL_set_verify,
        [](SSL* ssl, VerifyMode mode) -> void { SSL_set_verify(ssl, static_cast<int>(mode.value), nullptr); }),
    SSLCTX_QUIET(SSL_get_verify_result),
    SSLCTX_QUIET(SSL_get_verify_mode),
    SSLCTX_BODY(SSL_set_tlsext_status_type, SetStatusType),
    SSLCTX_BODY(SSL_get_certificate, GetOwnCertificate),
    SSLCTX_BODY(SSL_set_max_send_fragment, SetMaxSendFragment),
    SSLCTX_BODY(SSL_get_tlsext_status_ocsp_resp, GetOcspResponse),
    SSLCTX_QUIET(SSL_version),
    SSLCTX_QUIET(SSL_get_version),
    SSLCTX_QUIET(SSL_state_string),
    SSLCTX_QUIET(SSL_state_string_long),
    SSLCTX_BODY(SSL_get_current_cipher, GetCurrentCipher),
    SSLCTX_BODY(SSL_get1_peer_certificate, GetPeerCertificate),
    SSLCTX_BODY(SSL_get_peer_cert_chain, GetPeerChain),
    SSLCTX_BODY(SSL_get0_alpn_selected, GetAlpn),
    SSLCTX_BODY(SSL_set_alpn_protos, SetAlpnProtos),
    SSLCTX_PLAIN(SSL_get_servername),
    SSLCTX_BODY(SSL_set_tlsext_host_name, SetHostName),
    SSLCTX_PLAIN(SSL_set1_host),
    SSLCTX_PLAIN(SSL_get_psk_identity),
    SSLCTX_PLAIN(SSL_get_psk_identity_hint),
    SSLCTX_PLAIN(SSL_use_psk_identity_hint),
    SSLCTX_LAMBDA(SSL_get_extms_support, [](SSL* ssl) -> long { return SSL_get_extms_support(ssl); }),
    SSLCTX_LAMBDA(SSL_get_secure_renegotiation_support,
                  [](SSL* ssl) -> long { return SSL_get_secure_renegotiation_support(ssl); }),
    SSLCTX_BODY(SSL_get_finished, GetFinished<SSL_get_finished>),
    SSLCTX_BODY(SSL_get_peer_finished, GetFinished<SSL_get_peer_finished>),
    SSLCTX_BODY(SSL_export_keying_material, ExportKeyingMaterial),
    SSLCTX_QUIET(SSL_CIPHER_get_name),
    SSLCTX_QUIET(SSL_CIPHER_standard_name),
    SSLCTX_QUIET(SSL_CIPHER_get_version),
    SSLCTX_QUIET(SSL_CIPHER_get_id),
    SSLCTX_QUIET(SSL_CIPHER_get_protocol_id),
};

}  // namespace

std::span<const Export> SslExports() { return kExports; }

}  // namespace sslctx
