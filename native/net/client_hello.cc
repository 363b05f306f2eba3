#include "client_hello.h"

#include <algorithm>

namespace sslctx {

namespace {

// Of IANA's registry of TLS extensions.
constexpr unsigned int kServerName = 0;
constexpr unsigned int kStatusRequest = 5;
constexpr unsigned int kAlpn = 16;
constexpr unsigned int kExtendedMasterSecret = 23;
constexpr unsigned int kSessionTicket = 35;
constexpr unsigned int kPreSharedKey = 41;
constexpr unsigned int kSupportedVersions = 43;

/// Reads from the front of a view. What is not there reads as empty: libssl rejects such a message by itself, later on.
class Reader {
 public:
  explicit Reader(ByteView bytes) : rest_(bytes) {}

  std::size_t Number(std::size_t width) {
    std::size_t value = 0;
    for (const std::uint8_t byte : Take(width)) value = value << 8 | byte;
    return value;
  }

  ByteView Take(std::size_t length) {
    if (length > rest_.size()) {
      rest_ = {};
      return {};
    }
    const ByteView taken = rest_.first(length);
    rest_ = rest_.subspan(length);
    return taken;
  }

  /// What stands behind its own length.
  ByteView Vector(std::size_t width) { return Take(Number(width)); }

  bool empty() const { return rest_.empty(); }

 private:
  ByteView rest_;
};

bool Find(SSL* ssl, unsigned int type, ByteView* bytes) {
  const unsigned char* data = nullptr;
  std::size_t length = 0;
  if (SSL_client_hello_get0_ext(ssl, type, &data, &length) != 1) return false;
  *bytes = ByteView(data, length);
  return true;
}

std::string_view FirstHostName(ByteView extension) {
  constexpr std::size_t kMaxLength = 255;
  Reader names(Reader(extension).Vector(2));
  while (!names.empty()) {
    const bool is_host = names.Number(1) == TLSEXT_NAMETYPE_host_name;
    const ByteView name = names.Vector(2);
    if (is_host && name.size() <= kMaxLength && std::find(name.begin(), name.end(), 0) == name.end()) {
      return {reinterpret_cast<const char*>(name.data()), name.size()};
    }
  }
  return {};
}

bool HasVersion13(ByteView extension) {
  Reader versions(Reader(extension).Vector(1));
  while (!versions.empty()) {
    if (versions.Number(2) == TLS1_3_VERSION) return true;
  }
  return false;
}

}  // namespace

ClientHello::ClientHello(SSL* ssl) {
  const unsigned char* data = nullptr;
  if (const std::size_t length = SSL_client_hello_get0_session_id(ssl, &data); length != 0) {
    session_id = ByteView(data, length);
  }
  if (const std::size_t length = SSL_client_hello_get0_ciphers(ssl, &data); length != 0) {
    ciphers_ = ByteView(data, length);
  }
  ByteView extension;
  if (Find(ssl, kServerName, &extension)) servername = FirstHostName(extension);
  if (Find(ssl, kAlpn, &extension)) alpn = Reader(extension).Vector(2);
  if (Find(ssl, kSessionTicket, &extension)) has_ticket = !extension.empty();
  if (Find(ssl, kSupportedVersions, &extension)) offers_tls13 = HasVersion13(extension);
  extended_master_secret = Find(ssl, kExtendedMasterSecret, &extension);
  wants_ocsp = Find(ssl, kStatusRequest, &extension);
  if (!offers_tls13 || !Find(ssl, kPreSharedKey, &extension)) return;
  Reader offered(Reader(extension).Vector(2));
  while (!offered.empty() && identities.size() < kMaxIdentities) {
    const ByteView name = offered.Vector(2);
    const bool is_external = offered.Number(4) == 0;  // the age of the ticket
    identities.push_back({name, is_external});
  }
  has_more_identities = !offered.empty();
}

bool ClientHello::HasCipher(ByteView list, const SSL_CIPHER* cipher) {
  const std::size_t wanted = SSL_CIPHER_get_protocol_id(cipher);
  Reader suites(list);
  while (!suites.empty()) {
    if (suites.Number(2) == wanted) return true;
  }
  return false;
}

}  // namespace sslctx
