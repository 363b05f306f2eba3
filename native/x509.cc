// Certificates, keys and revocation lists: what a context is given.

#include "call.h"
#include "groups.h"
#include "state.h"

namespace sslctx {

namespace {

/// The password, which must be given: OpenSSL would ask for a missing one on the terminal.
struct Password {
  std::string text;
  bool given = false;

  ~Password() { OPENSSL_cleanse(text.data(), text.size()); }
};

int GivePassword(char* buffer, int size, int, void* arg) {
  const auto& password = *static_cast<const Password*>(arg);
  if (!password.given || password.text.size() > static_cast<std::size_t>(size)) return -1;
  password.text.copy(buffer, password.text.size());
  return static_cast<int>(password.text.size());
}

void GetPassword(Call& call, std::size_t index, Password* password) {
  if (call[index].IsUndefined() || call[index].IsNull()) return;
  password->text = call.Get<std::string>(index);
  password->given = true;
}

template <auto read>
Napi::Value ReadPem(Call& call) {
  BIO* const bio = call.Handle<BIO>(0);
  Password password;
  GetPassword(call, 1, &password);
  auto* const object = read(bio, nullptr, GivePassword, &password);
  if (object == nullptr) return call.env().Null();
  return call.addon().handles.Own(call.env(), kKindOf<std::remove_pointer_t<decltype(object)>>, object);
}

EVP_PKEY* ReadParameters(Call& call) { return PEM_read_bio_Parameters(call.Handle<BIO>(0), nullptr); }

template <typename T, T* (*read)(T**, const unsigned char**, long)>
Napi::Value ReadDer(Call& call) {
  const CopiedBytes bytes = call.Get<CopiedBytes>(0);
  if (bytes.empty() || bytes.size() > INT32_MAX) return call.env().Null();
  const unsigned char* in = bytes.data();
  T* const object = read(nullptr, &in, static_cast<long>(bytes.size()));
  return object == nullptr ? call.env().Null() : call.addon().handles.Own(call.env(), kKindOf<T>, object);
}

Napi::Value WriteDer(Call& call) {
  const X509* const certificate = call.Handle<X509>(0);
  const int length = i2d_X509(certificate, nullptr);
  if (length <= 0) return call.env().Null();
  auto buffer = Napi::Buffer<std::uint8_t>::New(call.env(), static_cast<std::size_t>(length));
  unsigned char* out = buffer.Data();
  i2d_X509(certificate, &out);
  return buffer;
}

/// [key, certificate, [more certificates]], each null or empty when there is none; null when the password is wrong.
Napi::Value ParsePkcs12(Call& call) {
  PKCS12* const file = call.Handle<PKCS12>(0);
  Password password;
  GetPassword(call, 1, &password);
  EVP_PKEY* key = nullptr;
  X509* certificate = nullptr;
  STACK_OF(X509)* more = nullptr;
  if (PKCS12_parse(file, password.given ? password.text.c_str() : nullptr, &key, &certificate, &more) != 1) {
    return call.env().Null();
  }
  OwnedPkey own_key(key);
  OwnedX509 own_certificate(certificate);
  const std::unique_ptr<STACK_OF(X509), Deleter<[](STACK_OF(X509) * stack) { sk_X509_pop_free(stack, X509_free); }>>
      own_more(more);

  Handles& handles = call.addon().handles;
  Napi::Array result = Napi::Array::New(call.env(), 3);
  result.Set(0U, key == nullptr ? call.env().Null() : handles.Own(call.env(), Kind::kEvpPkey, own_key.release()));
  result.Set(
      1U, certificate == nullptr ? call.env().Null() : handles.Own(call.env(), Kind::kX509, own_certificate.release()));
  Napi::Array list = Napi::Array::New(call.env());
  for (int i = 0; i < sk_X509_num(more); ++i) {
    list.Set(static_cast<std::uint32_t>(i), handles.Borrow(call.env(), Kind::kX509, sk_X509_value(more, i)));
  }
  result.Set(2U, list);
  return result;
}

// Verification reads the flags without a lock. Certificates and revocation lists are added under the store's own.
Napi::Value SetStoreFlags(Call& call) {
  auto* const store = call.Handle<X509_STORE>(0);
  if (IsShared(store)) call.RefuseShared();
  return ToJs(call.env(), X509_STORE_set_flags(store, call.Get<std::uint32_t>(1)));
}

constexpr Export kExports[] = {
    SSLCTX_BODY(PEM_read_bio_X509, ReadPem<PEM_read_bio_X509>),
    SSLCTX_BODY(PEM_read_bio_X509_AUX, ReadPem<PEM_read_bio_X509_AUX>),
    SSLCTX_BODY(PEM_read_bio_X509_CRL, ReadPem<PEM_read_bio_X509_CRL>),
    SSLCTX_BODY(PEM_read_bio_PrivateKey, ReadPem<PEM_read_bio_PrivateKey>),
    SSLCTX_BODY(PEM_read_bio_Parameters, OwnResult<ReadParameters>),
    SSLCTX_LAMBDA(PEM_write_bio_X509, [](BIO* bio, X509* x) -> int { return PEM_write_bio_X509(bio, x); }),
    SSLCTX_BODY(d2i_X509, (ReadDer<X509, d2i_X509>)),
    SSLCTX_BODY(i2d_X509, WriteDer),
    SSLCTX_BODY(d2i_PKCS12, (ReadDer<PKCS12, d2i_PKCS12>)),
    SSLCTX_BODY(PKCS12_parse, ParsePkcs12),
    SSLCTX_PLAIN(X509_STORE_add_cert),
    SSLCTX_PLAIN(X509_STORE_add_crl),
    SSLCTX_BODY(X509_STORE_set_flags, SetStoreFlags),
    SSLCTX_LAMBDA(X509_verify_cert_error_string,
                  [](std::int32_t code) -> const char* { return X509_verify_cert_error_string(code); }),
    SSLCTX_BODY(X509_up_ref, UpRef<Kind::kX509>),
    SSLCTX_BODY(X509_free, Free<Kind::kX509>),
    SSLCTX_BODY(X509_CRL_up_ref, UpRef<Kind::kX509Crl>),
    SSLCTX_BODY(X509_CRL_free, Free<Kind::kX509Crl>),
    SSLCTX_BODY(X509_STORE_up_ref, UpRef<Kind::kX509Store>),
    SSLCTX_BODY(X509_STORE_free, Free<Kind::kX509Store>),
    SSLCTX_BODY(EVP_PKEY_up_ref, UpRef<Kind::kEvpPkey>),
    SSLCTX_BODY(EVP_PKEY_free, Free<Kind::kEvpPkey>),
    SSLCTX_BODY(PKCS12_free, Free<Kind::kPkcs12>),
};

}  // namespace

std::span<const Export> X509Exports() { return kExports; }

}  // namespace sslctx
