// SSL_SESSION.

#include <vector>

#include "call.h"
#include "groups.h"
#include "session_read.h"
#include "session_time.h"
#include "state.h"

namespace sslctx {

namespace {

SSL_SESSION* NewSession(Call&) { return SSL_SESSION_new(); }
SSL_SESSION* DupSession(Call& call) { return SSL_SESSION_dup(call.Handle<SSL_SESSION>(0)); }

/// Argument 0, which must not be shared.
SSL_SESSION* Private(Call& call) {
  const SessionHandle session = call.Session(0);
  RequirePrivate(call.env(), call.name(), session);
  return session.session;
}

Bytes AtMost(Call& call, std::size_t index, std::size_t max) {
  const Bytes bytes = call.Get<Bytes>(index);
  if (bytes.size > max) {
    ThrowRangeError(call.env(), std::string(call.name()) + ": argument " + std::to_string(index + 1) + " has at most " +
                                    std::to_string(max) + " bytes");
  }
  return bytes;
}

constexpr unsigned char kNothing = 0;
const unsigned char* NotNull(const Bytes& bytes) { return bytes.size == 0 ? &kNothing : bytes.data; }

template <int (*set)(SSL_SESSION*, const unsigned char*, unsigned int), std::size_t max>
Napi::Value SetBytes(Call& call) {
  SSL_SESSION* const session = Private(call);
  const Bytes bytes = AtMost(call, 1, max);
  return ToJs(call.env(), set(session, NotNull(bytes), static_cast<unsigned int>(bytes.size)));
}

template <const unsigned char* (*get)(const SSL_SESSION*, unsigned int*)>
Napi::Value GetBytes(Call& call) {
  unsigned int length = 0;
  const unsigned char* const bytes = get(call.Handle<SSL_SESSION>(0), &length);
  return ToJs(call.env(), bytes, length);
}

Napi::Value SetMasterKey(Call& call) {
  SSL_SESSION* const session = Private(call);
  constexpr std::size_t kMax = 512;  // TLS13_MAX_RESUMPTION_PSK_LENGTH, which is not public
  const Bytes bytes = AtMost(call, 1, kMax);
  return ToJs(call.env(), SSL_SESSION_set1_master_key(session, NotNull(bytes), bytes.size));
}

Napi::Value GetMasterKey(Call& call) {
  const SSL_SESSION* const session = call.Handle<SSL_SESSION>(0);
  std::vector<unsigned char> key(SSL_SESSION_get_master_key(session, nullptr, 0));
  // With a length of 0 the function tells the length again.
  const std::size_t length = key.empty() ? 0 : SSL_SESSION_get_master_key(session, key.data(), key.size());
  const Napi::Value result = ToJs(call.env(), key.data(), length);
  OPENSSL_cleanse(key.data(), key.size());
  return result;
}

Napi::Value SetHostname(Call& call) {
  SSL_SESSION* const session = Private(call);
  if (call[1].IsNull()) return ToJs(call.env(), SSL_SESSION_set1_hostname(session, nullptr));
  const auto name = call.Get<std::string>(1);
  if (name.size() > TLSEXT_MAXLEN_host_name) {
    ThrowRangeError(call.env(), std::string(call.name()) + ": a host name has at most 255 bytes");
  }
  return ToJs(call.env(), SSL_SESSION_set1_hostname(session, name.c_str()));
}

Napi::Value SetAlpn(Call& call) {
  SSL_SESSION* const session = Private(call);
  const Bytes bytes = AtMost(call, 1, 255);
  return ToJs(call.env(), SSL_SESSION_set1_alpn_selected(session, bytes.data, bytes.size));
}

Napi::Value GetAlpn(Call& call) {
  const unsigned char* alpn = nullptr;
  std::size_t length = 0;
  SSL_SESSION_get0_alpn_selected(call.Handle<SSL_SESSION>(0), &alpn, &length);
  return alpn == nullptr ? call.env().Null() : ToJs(call.env(), alpn, length);
}

Napi::Value GetTicket(Call& call) {
  const unsigned char* ticket = nullptr;
  std::size_t length = 0;
  SSL_SESSION_get0_ticket(call.Handle<SSL_SESSION>(0), &ticket, &length);
  return ticket == nullptr ? call.env().Null() : ToJs(call.env(), ticket, length);
}

Napi::Value SetTicketAppData(Call& call) {
  const SessionHandle handle = call.Session(0);
  SSL_SESSION* const session = handle.session;
  // Also on a connection's session, inside of the callback that libssl has for this.
  const SessionTag* const tag = SessionTag::Find(session);
  if (tag == nullptr || !tag->ticket_open) RequirePrivate(call.env(), call.name(), handle);
  // The whole session must fit a ticket of 0xFF00 bytes, or the handshake dies of an internal error.
  const Bytes bytes = AtMost(call, 1, 0x8000);
  return ToJs(call.env(), SSL_SESSION_set1_ticket_appdata(session, bytes.size == 0 ? nullptr : bytes.data, bytes.size));
}

Napi::Value GetTicketAppData(Call& call) {
  void* data = nullptr;
  std::size_t length = 0;
  SSL_SESSION_get0_ticket_appdata(call.Handle<SSL_SESSION>(0), &data, &length);
  return data == nullptr ? call.env().Null() : ToJs(call.env(), data, length);
}

Napi::Value SetCipher(Call& call) {
  SSL_SESSION* const session = Private(call);
  return ToJs(call.env(), SSL_SESSION_set_cipher(session, call.Handle<SSL_CIPHER>(1)));
}

Napi::Value GetCipher(Call& call) {
  auto* const cipher = const_cast<SSL_CIPHER*>(SSL_SESSION_get0_cipher(call.Handle<SSL_SESSION>(0)));
  return call.addon().handles.Borrow(call.env(), Kind::kSslCipher, cipher);
}

Napi::Value GetPeer(Call& call) {
  return call.addon().handles.Borrow(call.env(), Kind::kX509, SSL_SESSION_get0_peer(call.Handle<SSL_SESSION>(0)));
}

Napi::Value SetVersion(Call& call) {
  SSL_SESSION* const session = Private(call);
  return ToJs(call.env(), SSL_SESSION_set_protocol_version(session, static_cast<int>(call.Get<Ranged<0, 0xffff>>(1))));
}

Napi::Value SetMaxEarlyData(Call& call) {
  SSL_SESSION* const session = Private(call);
  return ToJs(call.env(), SSL_SESSION_set_max_early_data(session, call.Get<std::uint32_t>(1)));
}

// Allowed on a session in a cache: libssl takes the context's lock and sorts it anew, in front of its equals.
template <typename Change>
auto Move(Call& call, const SessionHandle& session, Change change) {
  const auto found = call.addon().contexts.find(HomeOf(session));
  if (found == call.addon().contexts.end()) return change(session.session);
  ContextState* const state = found->second->state;
  // libssl looks whose list it is in without a lock.
  if (state == nullptr) RefuseChange(call.env(), call.name());
  state->order.Reserve(state->ctx);
  const auto result = change(session.session);
  state->order.Insert(session.session);
  return result;
}

Napi::Value SetTime(Call& call) {
  const SessionHandle session = call.Session(0);
  const Seconds time = call.Get<Seconds>(1);
  return ToJs(call.env(), Move(call, session, [&](SSL_SESSION* moved) { return SetTimeOf(moved, time); }));
}

Napi::Value SetTimeout(Call& call) {
  const SessionHandle session = call.Session(0);
  const auto timeout = static_cast<long>(call.Get<Timeout>(1));
  return ToJs(call.env(),
              Move(call, session, [&](SSL_SESSION* moved) { return SSL_SESSION_set_timeout(moved, timeout); }));
}

Napi::Value ToDer(Call& call) {
  const SSL_SESSION* const session = call.Handle<SSL_SESSION>(0);
  const int length = i2d_SSL_SESSION(session, nullptr);
  if (length <= 0) return call.env().Null();
  // Straight into the buffer: the bytes hold the master key, and a copy on the way would have to be cleansed.
  auto buffer = Napi::Buffer<std::uint8_t>::New(call.env(), static_cast<std::size_t>(length));
  unsigned char* out = buffer.Data();
  return i2d_SSL_SESSION(session, &out) == length ? buffer.As<Napi::Value>() : call.env().Null();
}

Napi::Value FromDer(Call& call) {
  CopiedBytes bytes = call.Get<CopiedBytes>(0);
  OwnedSession session = SessionFromDer(bytes);
  OPENSSL_cleanse(bytes.data(), bytes.size());
  if (!session) return call.env().Null();
  return call.addon().handles.Own(call.env(), Kind::kSslSession, session.release());
}

SSL_SESSION* FromBio(Call& call) { return d2i_SSL_SESSION_bio(call.Handle<BIO>(0), nullptr); }
int ToBio(BIO* bio, SSL_SESSION* session) { return i2d_SSL_SESSION_bio(bio, session); }

SSL_SESSION* ReadPem(Call& call) { return SessionFromPem(call.Handle<BIO>(0)).release(); }

constexpr Export kExports[] = {
    SSLCTX_BODY(SSL_SESSION_new, OwnResult<NewSession>),
    SSLCTX_BODY(SSL_SESSION_dup, OwnResult<DupSession>),
    SSLCTX_BODY(SSL_SESSION_up_ref, UpRef<Kind::kSslSession>),
    SSLCTX_BODY(SSL_SESSION_free, Free<Kind::kSslSession>),
    SSLCTX_BODY(SSL_SESSION_get_id, GetBytes<SSL_SESSION_get_id>),
    SSLCTX_BODY(SSL_SESSION_set1_id, (SetBytes<SSL_SESSION_set1_id, SSL_MAX_SSL_SESSION_ID_LENGTH>)),
    SSLCTX_BODY(SSL_SESSION_get0_id_context, GetBytes<SSL_SESSION_get0_id_context>),
    SSLCTX_BODY(SSL_SESSION_set1_id_context, (SetBytes<SSL_SESSION_set1_id_context, SSL_MAX_SID_CTX_LENGTH>)),
    SSLCTX_BODY(SSL_SESSION_get_master_key, GetMasterKey),
    SSLCTX_BODY(SSL_SESSION_set1_master_key, SetMasterKey),
    SSLCTX_QUIET(SSL_SESSION_get0_hostname),
    SSLCTX_BODY(SSL_SESSION_set1_hostname, SetHostname),
    SSLCTX_BODY(SSL_SESSION_get0_alpn_selected, GetAlpn),
    SSLCTX_BODY(SSL_SESSION_set1_alpn_selected, SetAlpn),
    SSLCTX_BODY(SSL_SESSION_get0_ticket, GetTicket),
    SSLCTX_BODY(SSL_SESSION_get0_ticket_appdata, GetTicketAppData),
    SSLCTX_BODY(SSL_SESSION_set1_ticket_appdata, SetTicketAppData),
    SSLCTX_BODY(SSL_SESSION_get0_cipher, GetCipher),
    SSLCTX_BODY(SSL_SESSION_set_cipher, SetCipher),
    SSLCTX_BODY(SSL_SESSION_get0_peer, GetPeer),
    SSLCTX_QUIET(SSL_SESSION_get_protocol_version),
    SSLCTX_BODY(SSL_SESSION_set_protocol_version, SetVersion),
    SSLCTX_QUIET(SSL_SESSION_get_compress_id),
    SSLCTX_QUIET(SSL_SESSION_get_max_early_data),
    SSLCTX_BODY(SSL_SESSION_set_max_early_data, SetMaxEarlyData),
    SSLCTX_QUIET(SSL_SESSION_get_max_fragment_length),
    SSLCTX_QUIET(SSL_SESSION_get_ticket_lifetime_hint),
    SSLCTX_QUIET(SSL_SESSION_has_ticket),
    SSLCTX_QUIET(SSL_SESSION_is_resumable),
    SSLCTX_LAMBDA(SSL_SESSION_get_time, [](const SSL_SESSION* session) -> std::int64_t { return TimeOf(session); }),
    SSLCTX_BODY(SSL_SESSION_set_time, SetTime),
#if OPENSSL_VERSION_NUMBER >= 0x30300000L
    SSLCTX_LAMBDA(SSL_SESSION_get_time_ex, [](const SSL_SESSION* session) -> std::int64_t { return TimeOf(session); }),
    SSLCTX_BODY(SSL_SESSION_set_time_ex, SetTime),
#endif
    SSLCTX_QUIET(SSL_SESSION_get_timeout),
    SSLCTX_BODY(SSL_SESSION_set_timeout, SetTimeout),
    SSLCTX_BODY(i2d_SSL_SESSION, ToDer),
    SSLCTX_BODY(d2i_SSL_SESSION, FromDer),
    {"i2d_SSL_SESSION_bio", &Enter<&Plain<&ToBio>::Body>},
    SSLCTX_BODY(d2i_SSL_SESSION_bio, OwnResult<FromBio>),
    SSLCTX_BODY(PEM_read_bio_SSL_SESSION, OwnResult<ReadPem>),
    SSLCTX_LAMBDA(PEM_write_bio_SSL_SESSION,
                  [](BIO* bio, SSL_SESSION* session) -> int { return PEM_write_bio_SSL_SESSION(bio, session); }),
    SSLCTX_PLAIN(SSL_SESSION_print),
    SSLCTX_PLAIN(SSL_SESSION_print_keylog),
};

}  // namespace

std::span<const Export> SslSessionExports() { return kExports; }

}  // namespace sslctx
