#include "session_der.h"

#include <cstring>
#include <ctime>
#include <vector>

#include "../state.h"

namespace sslctx {

namespace {

// Of SSL_SESSION_ASN1, which d2i_SSL_SESSION(3) has kept compatible since SSLeay.
constexpr int kVerifyResultTag = 5;
constexpr int kFlagsTag = 13;
constexpr long kExtendedMasterSecretFlag = 1;

struct Element {
  const unsigned char* content;
  long length;
  int tag;
  int tag_class;
};

bool Next(const unsigned char** at, const unsigned char* end, Element* element) {
  if (*at >= end) return false;
  const unsigned char* content = *at;
  const int result = ASN1_get_object(&content, &element->length, &element->tag, &element->tag_class, end - *at);
  if ((result & 0x80) != 0) return false;
  element->content = content;
  *at = content + element->length;
  return true;
}

long IntegerIn(const Element& wrapper) {
  const unsigned char* at = wrapper.content;
  Element integer{};
  if (!Next(&at, wrapper.content + wrapper.length, &integer)) return 0;
  long value = 0;
  for (long i = 0; i < integer.length; ++i) value = value << 8 | integer.content[i];
  return value;
}

}  // namespace

SessionDetails DetailsOf(const SSL_SESSION* session) {
  SessionDetails details;
  const int length = i2d_SSL_SESSION(session, nullptr);
  if (length <= 0) return details;
  std::vector<unsigned char> der(static_cast<std::size_t>(length));
  unsigned char* out = der.data();
  i2d_SSL_SESSION(session, &out);

  const unsigned char* at = der.data();
  Element element{};
  if (Next(&at, der.data() + der.size(), &element)) {
    at = element.content;
    const unsigned char* const end = element.content + element.length;
    while (Next(&at, end, &element)) {
      if (element.tag_class != V_ASN1_CONTEXT_SPECIFIC) continue;
      if (element.tag == kVerifyResultTag) details.verify_result = IntegerIn(element);
      if (element.tag == kFlagsTag) {
        details.extended_master_secret = (IntegerIn(element) & kExtendedMasterSecretFlag) != 0;
      }
    }
  }
  OPENSSL_cleanse(der.data(), der.size());
  return details;
}

bool IsPeerExpired(const SSL_SESSION* session) {
  const X509* const peer = SSL_SESSION_get0_peer(const_cast<SSL_SESSION*>(session));
  return peer != nullptr && X509_cmp_current_time(X509_get0_notAfter(peer)) < 0;
}

namespace {

bool IsFor(const SSL_SESSION* session, X509* certificate, const char* name) {
  const char* const bound = SSL_SESSION_get0_hostname(session);
  if (bound != nullptr && OPENSSL_strcasecmp(bound, name) != 0) return false;
  return X509_check_host(certificate, name, std::strlen(name), 0, nullptr) == 1 ||
         X509_check_ip_asc(certificate, name, 0) == 1;
}

}  // namespace

bool MayResume(SSL_CTX* ctx, SSL_SESSION* session, const char* name, bool is_lenient) {
  // RFC 8446, section 4.6.1: no ticket is kept for longer than seven days, whatever the server says. libssl does.
  constexpr std::time_t kLongest = std::time_t{7} * 24 * 3600;
  const bool is_tls13 = SSL_SESSION_get_protocol_version(session) >= TLS1_3_VERSION;
  if (is_tls13 && std::time(nullptr) - SSL_SESSION_get_time(session) > kLongest) return false;
  if (DetailsOf(session).verify_result != X509_V_OK) return is_lenient;
  X509* const certificate = SSL_SESSION_get0_peer(session);
  if (certificate == nullptr || IsPeerExpired(session)) return false;
  if (name != nullptr && !IsFor(session, certificate, name)) return false;
  const ContextState* const state = ContextState::Of(ctx);
  const SessionTag* const tag = SessionTag::Find(session);
  if (state != nullptr && tag != nullptr && tag->maker == state->serial) return true;
  // Made elsewhere, under we know not what. Its chain is not in it: where that is needed, a full handshake decides.
  const Owned<X509_STORE_CTX, X509_STORE_CTX_free> verification(X509_STORE_CTX_new());
  return verification &&
         X509_STORE_CTX_init(verification.get(), SSL_CTX_get_cert_store(ctx), certificate, nullptr) == 1 &&
         X509_STORE_CTX_set_default(verification.get(), "ssl_server") == 1 && X509_verify_cert(verification.get()) == 1;
}

}  // namespace sslctx
