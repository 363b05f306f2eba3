// The first bytes of a client: what a server's client hello callback reads, and what becomes of it until the
// certificate.
#include "net/client_hello.h"

#include <algorithm>
#include <cstring>
#include <ctime>
#include <random>
#include <string>

#include "net/resumption.h"
#include "session_cache.h"
#include "state.h"
#include "support.h"
#include "ticket_ring.h"

using namespace sslctx;

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t max);

namespace {

using fuzz::Bytes;

// Where things are in a client hello that begins a stream: record (5), handshake (4), version (2), random (32).
constexpr std::size_t kBody = 9;
constexpr std::size_t kSessionId = kBody + 34;

void PutNumber(std::uint8_t* at, int width, std::size_t number) {
  for (int i = 0; i < width; ++i) at[i] = static_cast<std::uint8_t>(number >> (8 * (width - 1 - i)));
}

std::size_t NumberAt(const Bytes& bytes, std::size_t at, std::size_t width) {
  std::size_t number = 0;
  for (std::size_t i = 0; i < width; ++i) number = number << 8 | bytes[at + i];
  return number;
}

/// A vector: where its length stands, how wide that is, and how long the content.
struct Part {
  std::size_t at;
  std::size_t width;
  std::size_t length;
  std::size_t begin() const { return at + width; }
  std::size_t end() const { return begin() + length; }
};

/// ID, cipher suites, compression methods, the list of extensions, and each of them. False for something else.
bool FindParts(const Bytes& stream, std::vector<Part>* parts) {
  if (stream.size() <= kSessionId || stream[0] != 22 || stream[5] != 1) return false;
  const std::size_t end = 5 + NumberAt(stream, 3, 2);
  if (end != stream.size()) return false;
  std::size_t at = kSessionId;
  for (const std::size_t width : {1U, 2U, 1U, 2U}) {
    if (end - at < width) return false;
    const Part part{at, width, NumberAt(stream, at, width)};
    if (part.length > end - part.begin()) return false;
    parts->push_back(part);
    at = part.end();
  }
  const Part list = parts->back();
  for (at = list.begin(); at + 4 <= list.end();) {
    const Part part{at + 2, 2, NumberAt(stream, at + 2, 2)};
    if (part.length > list.end() - part.begin()) return false;
    parts->push_back(part);
    at = part.end();
  }
  return true;
}

/// Replaces what is in a part, and makes the lengths around it right.
void Replace(Bytes* stream, const std::vector<Part>& parts, std::size_t index, const Bytes& content) {
  const Part& part = parts[index];
  const std::size_t list_length = parts[3].length - (index > 3 ? part.length : 0) + (index > 3 ? content.size() : 0);
  if (index > 3) PutNumber(stream->data() + parts[3].at, 2, list_length);
  PutNumber(stream->data() + part.at, static_cast<int>(part.width), content.size());
  stream->erase(stream->begin() + static_cast<std::ptrdiff_t>(part.begin()),
                stream->begin() + static_cast<std::ptrdiff_t>(part.end()));
  stream->insert(stream->begin() + static_cast<std::ptrdiff_t>(part.begin()), content.begin(), content.end());
  PutNumber(stream->data() + 3, 2, stream->size() - 5);
  PutNumber(stream->data() + 6, 3, stream->size() - 9);
}

OwnedPkey NewKey() { return OwnedPkey(EVP_EC_gen("P-256")); }

OwnedX509 SelfSigned(EVP_PKEY* key) {
  OwnedX509 certificate(X509_new());
  X509_set_version(certificate.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), 0);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 86'400);
  X509_set_pubkey(certificate.get(), key);
  SSLCTX_CLAIM(X509_sign(certificate.get(), key, EVP_sha256()) > 0);
  return certificate;
}

/// With each connection.
struct Seen {
  Resumption resumption;
  bool has_hello = false;
};

int SeenIndex() {
  static const int index = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
  return index;
}

void Touch(ByteView bytes) {
  static volatile std::uint8_t sink;
  for (const std::uint8_t byte : bytes) sink = sink ^ byte;
}

int OnHello(SSL* ssl, int*, void*) {
  auto& seen = *static_cast<Seen*>(SSL_get_ex_data(ssl, SeenIndex()));
  const ClientHello hello(ssl);
  SSLCTX_CLAIM(hello.servername.size() <= 255 && hello.servername.find('\0') == std::string_view::npos);
  SSLCTX_CLAIM(hello.identities.size() <= ClientHello::kMaxIdentities);
  SSLCTX_CLAIM(hello.identities.empty() || hello.offers_tls13);
  Touch({reinterpret_cast<const std::uint8_t*>(hello.servername.data()), hello.servername.size()});
  Touch(hello.alpn);
  Touch(hello.session_id);
  Touch(hello.ciphers());
  for (const ClientHello::Identity& identity : hello.identities) {
    Touch(identity.name);
    FindCached(*ContextState::Of(SSL_get_SSL_CTX(ssl)), fuzz::LookupKey(), identity.name);
  }
  const STACK_OF(SSL_CIPHER)* const suites = SSL_get_ciphers(ssl);
  for (int i = 0; i < sk_SSL_CIPHER_num(suites); ++i)
    ClientHello::HasCipher(hello.ciphers(), sk_SSL_CIPHER_value(suites, i));
  seen.resumption.OnClientHello(ssl, hello);
  seen.has_hello = true;
  fuzz::Observe(static_cast<std::uint32_t>(hello.identities.size()) | hello.has_ticket << 4 | hello.offers_tls13 << 5 |
                hello.extended_master_secret << 6 | hello.wants_ocsp << 7 | (!hello.alpn.empty()) << 8 |
                (!hello.servername.empty()) << 9 | (!hello.session_id.empty()) << 10);
  return SSL_CLIENT_HELLO_SUCCESS;
}

int OnTicketKey(SSL* ssl, unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* mac,
                int encrypt) {
  return ContextState::Of(SSL_get_SSL_CTX(ssl))->ring->UseKey(ssl, {name, iv, cipher, mac, encrypt != 0});
}

SSL_TICKET_RETURN OnTicket(SSL* ssl, SSL_SESSION* session, const unsigned char*, std::size_t, SSL_TICKET_STATUS status,
                           void*) {
  return static_cast<Seen*>(SSL_get_ex_data(ssl, SeenIndex()))->resumption.OnTicket(ssl, session, status);
}

int OnCertificate(SSL* ssl, void*) {
  static_cast<Seen*>(SSL_get_ex_data(ssl, SeenIndex()))->resumption.OnFullHandshake(ssl);
  return 1;
}

/// One with sessions in its cache, whose IDs are those of the seeds, and one with tickets, under the seeds' key.
SSL_CTX* ContextFor(bool stateful) {
  static const auto make = [](bool has_cache) {
    fuzz::OwnedContext ctx = fuzz::NewContext(TLS_server_method());
    const OwnedPkey key = NewKey();
    const OwnedX509 certificate = SelfSigned(key.get());
    SSLCTX_CLAIM(SSL_CTX_use_certificate(ctx.get(), certificate.get()) == 1);
    SSLCTX_CLAIM(SSL_CTX_use_PrivateKey(ctx.get(), key.get()) == 1);
    SSL_CTX_set_client_hello_cb(ctx.get(), OnHello, nullptr);
    SSL_CTX_set_cert_cb(ctx.get(), OnCertificate, nullptr);
    if (has_cache) {
      SSL_CTX_set_options(ctx.get(), SSL_OP_NO_TICKET);
      for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
        const OwnedSession session(SSL_SESSION_new());
        Bytes id(32, 0x5e);
        id[0] = static_cast<std::uint8_t>(version);
        SSL_SESSION_set1_id(session.get(), id.data(), 32);
        SSL_SESSION_set_protocol_version(session.get(), version);
        SSL_SESSION_set1_master_key(session.get(), Bytes(48, 1).data(), 48);
        const std::uint8_t suite[2] = {version == TLS1_3_VERSION ? std::uint8_t{0x13} : std::uint8_t{0xc0},
                                       version == TLS1_3_VERSION ? std::uint8_t{0x01} : std::uint8_t{0x2b}};
        const Owned<SSL, SSL_free> ssl(SSL_new(ctx.get()));
        SSL_SESSION_set_cipher(session.get(), SSL_CIPHER_find(ssl.get(), suite));
        SSLCTX_CLAIM(SSL_CTX_add_session(ctx.get(), session.get()) == 1);
      }
    } else {
      ContextState& state = *ContextState::Of(ctx.get());
      state.ring = std::make_shared<TicketRing>(TicketRing::Settings{3600, 7200, 16});
      SSLCTX_CLAIM(state.ring->Add(Bytes(TicketRing::kKeyLength, 0x5e), false, 0));
      SSL_CTX_set_tlsext_ticket_key_evp_cb(ctx.get(), OnTicketKey);
      SSL_CTX_set_session_ticket_cb(ctx.get(), LabelTicket, OnTicket, nullptr);
    }
    return ctx.release();
  };
  static SSL_CTX* const contexts[] = {make(false), make(true)};
  return contexts[stateful ? 1 : 0];
}

void Serve(SSL_CTX* ctx, ByteView stream) {
  const auto ssl = fuzz::NewSsl(ctx);
  Seen seen;
  SSL_set_ex_data(ssl.get(), SeenIndex(), &seen);
  SSL_set_accept_state(ssl.get());
  BIO* const in = BIO_new(BIO_s_mem());
  if (!stream.empty()) BIO_write(in, stream.data(), static_cast<int>(stream.size()));
  SSL_set_bio(ssl.get(), in, BIO_new(BIO_s_mem()));
  const int result = SSL_do_handshake(ssl.get());
  if (seen.has_hello) fuzz::Observe(1U << 20 | seen.resumption.Conclude(ssl.get(), result == 1));
}

}  // namespace

/// One part of a client hello, the lengths around it made right.
extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t max,
                                               unsigned int seed) {
  std::mt19937 random(seed);
  Bytes stream(data, data + size);
  std::vector<Part> parts;
  if (random() % 8 == 0 || !FindParts(stream, &parts)) return LLVMFuzzerMutate(data, size, max);
  const std::size_t index = random() % parts.size();
  const Part& part = parts[index];
  if (index > 3 && random() % 8 == 0) {
    // Another extension in its place, of those that the callback reads.
    constexpr std::uint8_t kRead[] = {0, 5, 16, 23, 35, 41, 43};
    PutNumber(stream.data() + part.at - 2, 2, kRead[random() % sizeof kRead]);
  } else {
    Bytes content(stream.begin() + static_cast<std::ptrdiff_t>(part.begin()),
                  stream.begin() + static_cast<std::ptrdiff_t>(part.end()));
    const std::size_t limit = part.width == 1 ? 255 : part.length + 64;
    content.resize(std::max(limit, content.size()));
    content.resize(LLVMFuzzerMutate(content.data(), part.length, content.size()));
    Replace(&stream, parts, index, content);
  }
  if (stream.size() > max) return LLVMFuzzerMutate(data, size, max);
  std::memcpy(data, stream.data(), stream.size());
  return stream.size();
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Serve(ContextFor(true), {data, size});
  fuzz::Settle();
  Serve(ContextFor(false), {data, size});
  fuzz::Settle();
  return 0;
}
