// SSL_CTX: making it, and what a TLS endpoint needs set on it.

#include "call.h"
#include "callbacks.h"
#include "groups.h"
#include "state.h"

namespace sslctx {

namespace {

template <const SSL_METHOD* (*method)()>
Napi::Value Method(Call& call) {
  return call.addon().handles.Borrow(call.env(), Kind::kSslMethod, const_cast<SSL_METHOD*>(method()));
}

Napi::Value New(Call& call) {
  Owned<SSL_CTX, SSL_CTX_free> ctx(SSL_CTX_new(call.Handle<SSL_METHOD>(0)));
  if (!ctx) return call.env().Null();
  // The callback record: held by JavaScript's handles only, so that a closure over its own context is no leak.
  const Napi::Object record = Napi::Object::New(call.env());
  ContextState::Attach(ctx.get(), call.addon(), WeakRecord(call.env(), record));
  InstallDefaults(ctx.get());
  return call.addon().handles.Own(call.env(), Kind::kSslCtx, ctx.release(), record);
}

// NULL keeps a value in C for the file or for the path, not for both.
Napi::Value LoadVerifyLocations(Call& call) {
  SSL_CTX* const ctx = call.Handle<SSL_CTX>(0);
  const auto text = [&](std::size_t index) {
    return call[index].IsNull() ? std::string() : call.Get<std::string>(index);
  };
  const std::string file = text(1);
  const std::string path = text(2);
  return ToJs(call.env(), SSL_CTX_load_verify_locations(ctx, file.empty() ? nullptr : file.c_str(),
                                                        path.empty() ? nullptr : path.c_str()));
}

Napi::Value Ciphers(Call& call) {
  const STACK_OF(SSL_CIPHER)* const ciphers = SSL_CTX_get_ciphers(call.Handle<SSL_CTX>(0));
  Napi::Array result = Napi::Array::New(call.env());
  for (int i = 0; i < sk_SSL_CIPHER_num(ciphers); ++i) {
    auto* const cipher = const_cast<SSL_CIPHER*>(sk_SSL_CIPHER_value(ciphers, i));
    result.Set(static_cast<std::uint32_t>(i), call.addon().handles.Borrow(call.env(), Kind::kSslCipher, cipher));
  }
  return result;
}

Napi::Value GetCertStore(Call& call) {
  return call.addon().handles.Borrow(call.env(), Kind::kX509Store, SSL_CTX_get_cert_store(call.Handle<SSL_CTX>(0)));
}

Napi::Value GetCertificate(Call& call) {
  return call.addon().handles.Borrow(call.env(), Kind::kX509, SSL_CTX_get0_certificate(call.Handle<SSL_CTX>(0)));
}

Napi::Value GetChain(Call& call) {
  STACK_OF(X509)* chain = nullptr;
  SSL_CTX_get0_chain_certs(call.Handle<SSL_CTX>(0), &chain);
  Napi::Array result = Napi::Array::New(call.env());
  for (int i = 0; i < sk_X509_num(chain); ++i) {
    result.Set(static_cast<std::uint32_t>(i),
               call.addon().handles.Borrow(call.env(), Kind::kX509, sk_X509_value(chain, i)));
  }
  return result;
}

Napi::Value SetAlpnProtos(Call& call) {
  SSL_CTX* const ctx = call.Handle<SSL_CTX>(0);
  const Bytes bytes = call.Get<Bytes>(1);
  return ToJs(call.env(), SSL_CTX_set_alpn_protos(ctx, bytes.data, static_cast<unsigned int>(bytes.size)));
}

Napi::Value SetTmpDhPkey(Call& call) {
  SSL_CTX* const ctx = call.Handle<SSL_CTX>(0);
  EVP_PKEY* const key = call.Handle<EVP_PKEY>(1);
  // The context takes a reference over, if it takes the key at all; the handle keeps its own.
  if (EVP_PKEY_up_ref(key) != 1) return ToJs(call.env(), 0);
  OwnedPkey own(key);
  const int result = SSL_CTX_set0_tmp_dh_pkey(ctx, key);
  if (result == 1) static_cast<void>(own.release());
  return ToJs(call.env(), result);
}

Napi::Value SetMode(Call& call) {
  SSL_CTX* const ctx = call.Handle<SSL_CTX>(0);
  const auto mode = call.Get<std::uint32_t>(1);
  // Handshakes would run on a stack of their own, where no JavaScript can run.
  if ((mode & SSL_MODE_ASYNC) != 0) {
    ThrowRangeError(call.env(), std::string(call.name()) + ": SSL_MODE_ASYNC cannot be used from JavaScript");
  }
  return ToJs(call.env(), SSL_CTX_set_mode(ctx, static_cast<long>(mode)));
}

constexpr std::size_t kTicketKeysLength = 80;

Napi::Value SetTicketKeys(Call& call) {
  SSL_CTX* const ctx = call.Handle<SSL_CTX>(0);
  CopiedBytes bytes = call.Get<CopiedBytes>(1);
  if (bytes.size() != kTicketKeysLength) {
    ThrowRangeError(call.env(), std::string(call.name()) + ": ticket keys have 80 bytes");
  }
  const long result = SSL_CTX_set_tlsext_ticket_keys(ctx, bytes.data(), static_cast<long>(bytes.size()));
  OPENSSL_cleanse(bytes.data(), bytes.size());
  return ToJs(call.env(), result);
}

Napi::Value GetTicketKeys(Call& call) {
  std::uint8_t keys[kTicketKeysLength];
  const long result = SSL_CTX_get_tlsext_ticket_keys(call.Handle<SSL_CTX>(0), keys, static_cast<long>(sizeof keys));
  const Napi::Value bytes = result == 1 ? ToJs(call.env(), keys, sizeof keys) : call.env().Null();
  OPENSSL_cleanse(keys, sizeof keys);
  return bytes;
}

using Version = Ranged<0, 0xffff>;
using SecurityLevel = Ranged<0, 5>;
// One ticket is a session of its own, made in one go: 20,000 of them block the loop for half a second.
using TicketCount = Ranged<0, 32>;
using VerifyMode = Ranged<0, 15>;
using FileType = Ranged<SSL_FILETYPE_PEM, SSL_FILETYPE_ASN1>;

constexpr Export kExports[] = {
    SSLCTX_BODY(TLS_method, Method<TLS_method>),
    SSLCTX_BODY(TLS_server_method, Method<TLS_server_method>),
    SSLCTX_BODY(TLS_client_method, Method<TLS_client_method>),
    SSLCTX_BODY(SSL_CTX_new, New),
    SSLCTX_BODY(SSL_CTX_up_ref, UpRef<Kind::kSslCtx>),
    SSLCTX_BODY(SSL_CTX_free, Free<Kind::kSslCtx>),
    SSLCTX_PLAIN(SSL_CTX_set_options),
    SSLCTX_QUIET(SSL_CTX_get_options),
    SSLCTX_PLAIN(SSL_CTX_clear_options),
    SSLCTX_BODY(SSL_CTX_set_mode, SetMode),
    SSLCTX_LAMBDA(SSL_CTX_get_mode, [](SSL_CTX* ctx) -> long { return SSL_CTX_get_mode(ctx); }),
    SSLCTX_LAMBDA(
        SSL_CTX_set_min_proto_version,
        [](SSL_CTX* ctx, Version v) -> long { return SSL_CTX_set_min_proto_version(ctx, static_cast<int>(v.value)); }),
    SSLCTX_LAMBDA(
        SSL_CTX_set_max_proto_version,
        [](SSL_CTX* ctx, Version v) -> long { return SSL_CTX_set_max_proto_version(ctx, static_cast<int>(v.value)); }),
    SSLCTX_LAMBDA(SSL_CTX_get_min_proto_version,
                  [](SSL_CTX* ctx) -> long { return SSL_CTX_get_min_proto_version(ctx); }),
    SSLCTX_LAMBDA(SSL_CTX_get_max_proto_version,
                  [](SSL_CTX* ctx) -> long { return SSL_CTX_get_max_proto_version(ctx); }),
    SSLCTX_PLAIN(SSL_CTX_set_cipher_list),
    SSLCTX_PLAIN(SSL_CTX_set_ciphersuites),
    SSLCTX_BODY(SSL_CTX_get_ciphers, Ciphers),
    SSLCTX_LAMBDA(SSL_CTX_set1_groups_list,
                  [](SSL_CTX* ctx, const char* list) -> long { return SSL_CTX_set1_groups_list(ctx, list); }),
    SSLCTX_LAMBDA(SSL_CTX_set1_sigalgs_list,
                  [](SSL_CTX* ctx, const char* list) -> long { return SSL_CTX_set1_sigalgs_list(ctx, list); }),
    SSLCTX_LAMBDA(SSL_CTX_set1_client_sigalgs_list,
                  [](SSL_CTX* ctx, const char* list) -> long { return SSL_CTX_set1_client_sigalgs_list(ctx, list); }),
    SSLCTX_LAMBDA(
        SSL_CTX_set_dh_auto,
        [](SSL_CTX* ctx, Ranged<0, 2> on) -> long { return SSL_CTX_set_dh_auto(ctx, static_cast<long>(on.value)); }),
    SSLCTX_BODY(SSL_CTX_set0_tmp_dh_pkey, SetTmpDhPkey),
    SSLCTX_LAMBDA(
        SSL_CTX_set_security_level,
        [](SSL_CTX* ctx, SecurityLevel l) -> void { SSL_CTX_set_security_level(ctx, static_cast<int>(l.value)); }),
    SSLCTX_QUIET(SSL_CTX_get_security_level),
    SSLCTX_PLAIN(SSL_CTX_use_certificate_chain_file),
    SSLCTX_LAMBDA(SSL_CTX_use_certificate_file,
                  [](SSL_CTX* ctx, const char* path, FileType t) -> int {
                    return SSL_CTX_use_certificate_file(ctx, path, static_cast<int>(t.value));
                  }),
    SSLCTX_LAMBDA(SSL_CTX_use_PrivateKey_file,
                  [](SSL_CTX* ctx, const char* path, FileType t) -> int {
                    return SSL_CTX_use_PrivateKey_file(ctx, path, static_cast<int>(t.value));
                  }),
    SSLCTX_PLAIN(SSL_CTX_use_certificate),
    SSLCTX_PLAIN(SSL_CTX_use_PrivateKey),
    SSLCTX_LAMBDA(SSL_CTX_add1_chain_cert,
                  [](SSL_CTX* ctx, X509* x) -> long { return SSL_CTX_add1_chain_cert(ctx, x); }),
    SSLCTX_LAMBDA(SSL_CTX_clear_chain_certs, [](SSL_CTX* ctx) -> long { return SSL_CTX_clear_chain_certs(ctx); }),
    SSLCTX_PLAIN(SSL_CTX_check_private_key),
    SSLCTX_BODY(SSL_CTX_get0_certificate, GetCertificate),
    SSLCTX_BODY(SSL_CTX_get0_chain_certs, GetChain),
    SSLCTX_LAMBDA(
        SSL_CTX_set_verify,
        [](SSL_CTX* ctx, VerifyMode mode) -> void { SSL_CTX_set_verify(ctx, static_cast<int>(mode.value), nullptr); }),
    SSLCTX_QUIET(SSL_CTX_get_verify_mode),
    SSLCTX_LAMBDA(
        SSL_CTX_set_verify_depth,
        [](SSL_CTX* ctx, Ranged<0, 100> d) -> void { SSL_CTX_set_verify_depth(ctx, static_cast<int>(d.value)); }),
    SSLCTX_QUIET(SSL_CTX_get_verify_depth),
    SSLCTX_BODY(SSL_CTX_load_verify_locations, LoadVerifyLocations),
    SSLCTX_PLAIN(SSL_CTX_set_default_verify_paths),
    SSLCTX_PLAIN(SSL_CTX_add_client_CA),
    SSLCTX_BODY(SSL_CTX_get_cert_store, GetCertStore),
    SSLCTX_BODY(SSL_CTX_set_alpn_protos, SetAlpnProtos),
    SSLCTX_LAMBDA(
        SSL_CTX_set_quiet_shutdown,
        [](SSL_CTX* ctx, Ranged<0, 1> on) -> void { SSL_CTX_set_quiet_shutdown(ctx, static_cast<int>(on.value)); }),
    SSLCTX_QUIET(SSL_CTX_get_quiet_shutdown),
    SSLCTX_LAMBDA(
        SSL_CTX_set_num_tickets,
        [](SSL_CTX* ctx, TicketCount n) -> int { return SSL_CTX_set_num_tickets(ctx, static_cast<size_t>(n.value)); }),
    SSLCTX_QUIET(SSL_CTX_get_num_tickets),
    SSLCTX_BODY(SSL_CTX_set_tlsext_ticket_keys, SetTicketKeys),
    SSLCTX_BODY(SSL_CTX_get_tlsext_ticket_keys, GetTicketKeys),
    SSLCTX_PLAIN(SSL_CTX_set_max_early_data),
    SSLCTX_QUIET(SSL_CTX_get_max_early_data),
    SSLCTX_PLAIN(SSL_CTX_set_recv_max_early_data),
    SSLCTX_QUIET(SSL_CTX_get_recv_max_early_data),
    SSLCTX_PLAIN(SSL_CTX_use_psk_identity_hint),
};

}  // namespace

std::span<const Export> SslCtxExports() { return kExports; }

}  // namespace sslctx
