#include "session_ids.h"

#include <algorithm>

#include "../state.h"

namespace sslctx {

namespace {

constexpr std::size_t kRandom = 24;
constexpr std::size_t kTag = SessionIds::kLength - kRandom;

bool Tag(const SessionIds::Key& key, const std::uint8_t* id, std::uint8_t (&tag)[EVP_MAX_MD_SIZE]) {
  std::size_t length = 0;
  return EVP_Q_mac(nullptr, "HMAC", nullptr, "SHA256", nullptr, key.data(), key.size(), id, kRandom, tag, sizeof tag,
                   &length) != nullptr &&
         length >= kTag;
}

}  // namespace

SessionIds::~SessionIds() {
  for (Key& key : keys_) OPENSSL_cleanse(key.data(), key.size());
}

bool SessionIds::Make(std::uint8_t* id) const {
  std::uint8_t tag[EVP_MAX_MD_SIZE];
  if (keys_.empty() || RAND_bytes(id, kRandom) != 1 || !Tag(keys_.front(), id, tag)) return false;
  std::copy_n(tag, kTag, id + kRandom);
  return true;
}

bool SessionIds::Recognises(std::span<const std::uint8_t> id) const {
  if (id.size() != kLength) return false;
  std::uint8_t tag[EVP_MAX_MD_SIZE];
  for (const Key& key : keys_) {
    if (Tag(key, id.data(), tag) && CRYPTO_memcmp(tag, id.data() + kRandom, kTag) == 0) return true;
  }
  return false;
}

int SessionIds::OnGenerate(SSL* ssl, unsigned char* id, unsigned int* length) noexcept {
  const ContextState* const state = ContextState::Of(SslState::Of(ssl).session_ctx);
  const std::shared_ptr<const SessionIds> ids = state == nullptr ? nullptr : state->Ids();
  if (!ids || *length < kLength || !ids->Make(id)) return 0;
  *length = kLength;
  return 1;
}

}  // namespace sslctx
