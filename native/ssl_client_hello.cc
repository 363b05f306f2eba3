// What a ClientHello says; readable inside of the callback only, where libssl keeps it.

#include "call.h"
#include "groups.h"

namespace sslctx {

namespace {

template <std::size_t (*get)(SSL*, const unsigned char**)>
Napi::Value GetBytes(Call& call) {
  const unsigned char* bytes = nullptr;
  const std::size_t length = get(call.Handle<SSL>(0), &bytes);
  return bytes == nullptr ? call.env().Null() : ToJs(call.env(), bytes, length);
}

Napi::Value GetExtension(Call& call) {
  const unsigned char* bytes = nullptr;
  std::size_t length = 0;
  const int found = SSL_client_hello_get0_ext(
      call.Handle<SSL>(0), static_cast<unsigned int>(call.Get<Ranged<0, 0xffff>>(1)), &bytes, &length);
  return found == 1 ? ToJs(call.env(), bytes, length) : call.env().Null();
}

Napi::Value GetExtensionsPresent(Call& call) {
  int* types = nullptr;
  std::size_t count = 0;
  if (SSL_client_hello_get1_extensions_present(call.Handle<SSL>(0), &types, &count) != 1) return call.env().Null();
  const std::unique_ptr<int, Deleter<[](int* memory) { OPENSSL_free(memory); }>> own(types);
  Napi::Array result = Napi::Array::New(call.env(), count);
  for (std::size_t i = 0; i < count; ++i) result.Set(static_cast<std::uint32_t>(i), ToJs(call.env(), types[i]));
  return result;
}

constexpr Export kExports[] = {
    SSLCTX_PLAIN(SSL_client_hello_isv2),
    SSLCTX_PLAIN(SSL_client_hello_get0_legacy_version),
    SSLCTX_BODY(SSL_client_hello_get0_random, GetBytes<SSL_client_hello_get0_random>),
    SSLCTX_BODY(SSL_client_hello_get0_session_id, GetBytes<SSL_client_hello_get0_session_id>),
    SSLCTX_BODY(SSL_client_hello_get0_ciphers, GetBytes<SSL_client_hello_get0_ciphers>),
    SSLCTX_BODY(SSL_client_hello_get0_compression_methods, GetBytes<SSL_client_hello_get0_compression_methods>),
    SSLCTX_BODY(SSL_client_hello_get0_ext, GetExtension),
    SSLCTX_BODY(SSL_client_hello_get1_extensions_present, GetExtensionsPresent),
};

}  // namespace

std::span<const Export> SslClientHelloExports() { return kExports; }

}  // namespace sslctx
