#include "ticket_ring.h"

#include <algorithm>
#include <cstring>

#include "random_hex.h"
#include "state.h"

namespace sslctx {

namespace {

constexpr std::size_t kHmacKeyOffset = 16;
constexpr std::size_t kAesKeyOffset = 48;
constexpr std::string_view kInfo = "sslctx ticket key ";
/// Before a label: other programs may have data of their own in the tickets of a key that they share.
constexpr std::uint8_t kLabelMark = 0xa7;

std::int64_t AddTime(std::int64_t time, std::int64_t seconds) {
  return time > TicketRing::kNever - seconds ? TicketRing::kNever : time + seconds;
}

void Cleanse(std::vector<std::uint8_t>* bytes) { OPENSSL_cleanse(bytes->data(), bytes->size()); }

/// HKDF-SHA256 (RFC 5869) without a salt.
bool Expand(const std::vector<std::uint8_t>& secret, std::vector<std::uint8_t> info, std::uint8_t* out,
            std::size_t length) {
  const Owned<EVP_KDF, EVP_KDF_free> hkdf(EVP_KDF_fetch(nullptr, OSSL_KDF_NAME_HKDF, nullptr));
  const Owned<EVP_KDF_CTX, EVP_KDF_CTX_free> context(EVP_KDF_CTX_new(hkdf.get()));
  if (!context) return false;
  char digest[] = "SHA256";
  const OSSL_PARAM parameters[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0),
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, const_cast<std::uint8_t*>(secret.data()), secret.size()),
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, info.data(), info.size()),
      OSSL_PARAM_construct_end(),
  };
  return EVP_KDF_derive(context.get(), out, length, parameters) == 1;
}

}  // namespace

TicketRing::~TicketRing() {
  for (Source& source : sources_) Cleanse(&source.material);
  OPENSSL_cleanse(keys_.data(), keys_.size() * sizeof(Key));
}

std::int64_t TicketRing::Time() const {
  const std::lock_guard lock(mutex_);
  return Now();
}

void TicketRing::SetClockOffset(std::int64_t seconds) {
  const std::lock_guard lock(mutex_);
  clock_offset_ = seconds;
}

std::int64_t TicketRing::clock_offset() const {
  const std::lock_guard lock(mutex_);
  return clock_offset_;
}

void TicketRing::CountRevoked() {
  const std::lock_guard lock(mutex_);
  ++counts_.revoked;
}

std::unordered_map<std::string, std::int64_t> TicketRing::revocations() const {
  const std::lock_guard lock(mutex_);
  return revocations_;
}

TicketRing::Counts TicketRing::counts() const {
  const std::lock_guard lock(mutex_);
  return counts_;
}

bool TicketRing::Add(std::vector<std::uint8_t> material, bool is_secret, std::int64_t issue_from) {
  const std::lock_guard lock(mutex_);
  const bool issues = issue_from != kNever;
  for (const Source& source : sources_) {
    if (issues && source.issue_from != kNever && source.issue_from > issue_from) return false;
  }
  sources_.reserve(sources_.size() + 1);
  if (issues) {
    for (Source& source : sources_) source.retire_at = std::min(source.retire_at, issue_from);
  }
  sources_.push_back({std::move(material), is_secret, issue_from, issues ? kNever : Now()});
  period_ = -1;
  return true;
}

bool TicketRing::Derive(const Source& source, std::int64_t period, Key* key) const {
  key->period = period;
  if (!source.is_secret) {
    key->accept_until = AddTime(source.retire_at, settings_.lifetime);
    std::memcpy(key->bytes, source.material.data(), kKeyLength);
    return true;
  }
  const std::int64_t end = (period + 1) * settings_.rotate_every;
  key->accept_until = AddTime(std::min(end, source.retire_at), settings_.lifetime);
  std::vector<std::uint8_t> info(kInfo.begin(), kInfo.end());
  for (int shift = 56; shift >= 0; shift -= 8) info.push_back(static_cast<std::uint8_t>(period >> shift));
  return Expand(source.material, std::move(info), key->bytes, kKeyLength);
}

bool TicketRing::Refresh() {
  now_ = Now();
  const std::int64_t period = PeriodOf(now_);
  if (period == period_) return true;
  period_ = -1;
  std::erase_if(sources_, [this](Source& source) {
    const bool is_over = AddTime(source.retire_at, settings_.lifetime) <= now_;
    if (is_over) Cleanse(&source.material);
    return is_over;
  });
  // The period of the oldest key that is accepted, and the next one: the clock of another machine may be ahead.
  const std::int64_t first = std::max(std::int64_t{0}, PeriodOf(now_ - settings_.lifetime) - 1);
  const auto periods = static_cast<std::size_t>(period + 1 - first + 1);
  OPENSSL_cleanse(keys_.data(), keys_.size() * sizeof(Key));
  keys_.clear();
  // No copy of a key stays behind in memory that a growing vector has given back.
  keys_.reserve(sources_.size() * periods);
  for (std::size_t index = 0; index < sources_.size(); ++index) {
    const Source& source = sources_[index];
    for (std::int64_t each = source.is_secret ? first : period; each <= (source.is_secret ? period + 1 : period);
         ++each) {
      Key& key = keys_.emplace_back();
      key.source = index;
      if (!Derive(source, each, &key)) return false;
    }
  }
  period_ = period;
  return true;
}

const TicketRing::Key* TicketRing::Issuing() const {
  const Key* issuing = nullptr;
  for (const Key& key : keys_) {
    const Source& source = sources_[key.source];
    if (source.issue_from > now_ || key.period != period_) continue;
    // Of two of the same time, the later one.
    if (issuing == nullptr || source.issue_from >= sources_[issuing->source].issue_from) issuing = &key;
  }
  return issuing;
}

const TicketRing::Key* TicketRing::Find(const unsigned char* name) const {
  for (const Key& key : keys_) {
    if (key.accept_until > now_ && CRYPTO_memcmp(key.bytes, name, kTicketKeyNameLength) == 0) return &key;
  }
  return nullptr;
}

std::vector<std::uint8_t> TicketRing::Keys() {
  const std::lock_guard lock(mutex_);
  std::vector<std::uint8_t> bytes;
  if (!Refresh()) return bytes;
  bytes.reserve(keys_.size() * kKeyLength);
  const Key* const issuing = Issuing();
  if (issuing != nullptr) bytes.insert(bytes.end(), issuing->bytes, issuing->bytes + kKeyLength);
  for (const Key& key : keys_) {
    if (&key == issuing || key.accept_until <= now_) continue;
    bytes.insert(bytes.end(), key.bytes, key.bytes + kKeyLength);
  }
  return bytes;
}

int TicketRing::UseKey(const SSL* ssl, const TicketKeyRequest& request) {
  const std::lock_guard lock(mutex_);
  if (!Refresh()) return -1;
  const Key* const issuing = Issuing();
  const Key* const key = request.encrypt ? issuing : Find(request.name);
  if (key == nullptr) {
    if (request.encrypt) return -1;
    ++counts_.unknown;
    return 0;
  }
  if (request.encrypt) {
    std::memcpy(request.name, key->bytes, kTicketKeyNameLength);
    if (RAND_bytes(request.iv, EVP_MAX_IV_LENGTH) != 1) return -1;
  }
  auto* const bytes = const_cast<std::uint8_t*>(key->bytes);
  if (!SetUpTicket(request, bytes + kAesKeyOffset, bytes + kHmacKeyOffset, kAesKeyOffset - kHmacKeyOffset)) return -1;
  if (request.encrypt) {
    ++counts_.issued;
    return 1;
  }
  ++counts_.accepted;
  if (key != issuing) ++counts_.renewed;
  // In TLS 1.3 a client that resumes gets another ticket, as without a callback: it should use each only once
  // (RFC 8446, appendix C.4).
  return key != issuing || SSL_version(ssl) == TLS1_3_VERSION ? 2 : 1;
}

std::int64_t TicketRing::LastAcceptance() const {
  std::int64_t last = 0;
  for (const Source& source : sources_) {
    // A key that nothing takes over from may issue for ever.
    const std::int64_t end = source.is_secret ? Now() + settings_.rotate_every : source.retire_at;
    last = std::max(last, AddTime(end, settings_.lifetime));
  }
  return last;
}

void TicketRing::Forget() {
  std::erase_if(revocations_, [now = Now()](const auto& entry) { return entry.second <= now; });
}

bool TicketRing::Revoke(const std::string& label, std::int64_t until) {
  const std::lock_guard lock(mutex_);
  const auto known = revocations_.find(label);
  const std::int64_t end = std::min(until, LastAcceptance());
  if (known != revocations_.end()) {
    known->second = std::max(known->second, end);
    return true;
  }
  if (revocations_.size() >= settings_.max_revocations) Forget();
  if (revocations_.size() >= settings_.max_revocations) return false;
  revocations_.emplace(label, end);
  return true;
}

bool TicketRing::IsRevoked(const std::string& label) {
  const std::lock_guard lock(mutex_);
  const auto entry = revocations_.find(label);
  return entry != revocations_.end() && entry->second > Now();
}

void TicketRing::OnIssue(const std::string& label) {
  const std::lock_guard lock(mutex_);
  const auto entry = revocations_.find(label);
  if (entry != revocations_.end() && entry->second > Now()) entry->second = std::max(entry->second, LastAcceptance());
}

std::string LabelOf(const SSL_SESSION* session) {
  void* data = nullptr;
  std::size_t length = 0;
  if (SSL_SESSION_get0_ticket_appdata(const_cast<SSL_SESSION*>(session), &data, &length) != 1 || length < 2) return {};
  const auto* const bytes = static_cast<const char*>(data);
  return static_cast<std::uint8_t>(bytes[0]) == kLabelMark ? std::string(bytes + 1, length - 1) : std::string();
}

bool IsRevokedTicket(SSL_CTX* ctx, const SSL_SESSION* session) {
  const ContextState* const state = ContextState::Of(ctx);
  if (session == nullptr || state == nullptr || !state->ring) return false;
  const std::string label = LabelOf(session);
  if (label.empty() || !state->ring->IsRevoked(label)) return false;
  state->ring->CountRevoked();
  return true;
}

int OnTicketKey(SSL* ssl, unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* mac,
                int encrypt) noexcept {
  try {
    const ContextState* const context = ContextState::Of(SslState::Of(ssl).session_ctx);
    if (context == nullptr || !context->ring) return -1;
    return context->ring->UseKey(ssl, {name, iv, cipher, mac, encrypt != 0});
  } catch (...) {
    return -1;
  }
}

int LabelTicket(SSL* ssl, void*) noexcept {
  try {
    SslState& state = SslState::Of(ssl);
    const ContextState* const context = ContextState::Of(state.session_ctx);
    SSL_SESSION* const session = SSL_get_session(ssl);
    if (context == nullptr || !context->ring || session == nullptr) return 1;
    std::string& label = state.ticket_label;
    // A client that resumes keeps the label of its first login.
    if (label.empty()) label = LabelOf(session);
    if (label.empty() && !AppendRandomHex(&label)) return 0;
    state.ticket_label_issued = true;
    context->ring->OnIssue(label);
    std::vector<std::uint8_t> data{kLabelMark};
    data.insert(data.end(), label.begin(), label.end());
    return SSL_SESSION_set1_ticket_appdata(session, data.data(), data.size());
  } catch (...) {
    // Out of memory. A ticket without its label could not be revoked.
    return 0;
  }
}

}  // namespace sslctx
