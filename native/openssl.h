// The only place that includes OpenSSL's headers, and the checks that they are the system's.
#pragma once

// Node ships the headers of its own OpenSSL beside its own headers. With that directory on the include path, nothing
// would tell which <openssl/ssl.h> the compiler took: so it must not be there at all (node-api-headers replace it).
#if __has_include(<node_version.h>)
#error "Node's header directory is on the include path: its openssl/ headers could replace the system's"
#endif

// Before the headers that older ones lack, so that this is the first thing that the compiler says.
#include <openssl/opensslv.h>
#if OPENSSL_VERSION_NUMBER < 0x30000000L
#error "sslctx needs OpenSSL 3.0 or newer: these are the headers of an older one, or of another library"
#endif

// sslctx/capi has functions that newer releases would rather not have.
#define OPENSSL_SUPPRESS_DEPRECATED

#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/sslerr.h>
#include <openssl/tls1.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <memory>
#include <string_view>

#ifdef SSLCTX_OPENSSL_VERSION
static_assert(std::string_view(SSLCTX_OPENSSL_VERSION) == OPENSSL_FULL_VERSION_STR,
              "the OpenSSL headers found by the compiler are not those that pkg-config names");
#endif

namespace sslctx {

template <auto Free>
struct Deleter {
  template <typename T>
  void operator()(T* pointer) const noexcept {
    Free(pointer);
  }
};

/// An OpenSSL object with the function that gives its reference back.
template <typename T, auto Free>
using Owned = std::unique_ptr<T, Deleter<Free>>;

using OwnedBio = Owned<BIO, BIO_vfree>;
using OwnedPkey = Owned<EVP_PKEY, EVP_PKEY_free>;
using OwnedPkcs12 = Owned<PKCS12, PKCS12_free>;
using OwnedSession = Owned<SSL_SESSION, SSL_SESSION_free>;
using OwnedX509 = Owned<X509, X509_free>;
using OwnedX509Crl = Owned<X509_CRL, X509_CRL_free>;

/// One more reference, with its owner; null for null.
inline OwnedSession ShareSession(SSL_SESSION* session) {
  return OwnedSession(session != nullptr && SSL_SESSION_up_ref(session) == 1 ? session : nullptr);
}

}  // namespace sslctx
