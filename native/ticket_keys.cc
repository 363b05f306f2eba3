#include "ticket_keys.h"

#include <cstring>
#include <string>

#include "arguments.h"

namespace sslctx {

namespace {

constexpr const char* kName = "SSL_CTX_set_tlsext_ticket_key_evp_cb";

Bytes KeyPart(Napi::Env env, const Napi::Object& answer, const char* property, std::size_t min, std::size_t max) {
  const Bytes bytes = ToBytes({env, kName, Place::kResult}, answer.Get(property));
  if (bytes.size < min || bytes.size > max) {
    ThrowRangeError(env, std::string(kName) + ": " + property + " must have " + std::to_string(min) +
                             (min == max ? "" : " to " + std::to_string(max)) + " bytes");
  }
  return bytes;
}

}  // namespace

int UseTicketKey(Napi::Env env, const Napi::Value& answer, const TicketKeyRequest& request) {
  const Place place{env, kName, Place::kResult};
  if (!answer.IsObject()) return static_cast<int>(ToInteger(place, answer, -1, 0));
  const Napi::Object object = answer.As<Napi::Object>();
  const auto result = static_cast<int>(ToInteger(place, object.Get("ret"), -1, 2));
  if (result <= 0) return result;

  // Getters run JavaScript, so the bytes of one part are used before the next is asked for.
  if (request.encrypt) {
    const Bytes name = KeyPart(env, object, "name", kTicketKeyNameLength, kTicketKeyNameLength);
    std::memcpy(request.name, name.data, name.size);
    if (RAND_bytes(request.iv, EVP_MAX_IV_LENGTH) != 1) return -1;
  }
  const Bytes aes_key = KeyPart(env, object, "aesKey", 32, 32);
  std::uint8_t aes_bytes[32];
  std::memcpy(aes_bytes, aes_key.data, sizeof aes_bytes);
  const Bytes hmac_key = KeyPart(env, object, "hmacKey", 16, 64);
  const bool done = SetUpTicket(request, aes_bytes, hmac_key.data, hmac_key.size);
  OPENSSL_cleanse(aes_bytes, sizeof aes_bytes);
  return done ? result : -1;
}

bool SetUpTicket(const TicketKeyRequest& request, const std::uint8_t* aes_key, std::uint8_t* hmac_key,
                 std::size_t hmac_key_length) {
  if (EVP_CipherInit_ex(request.cipher, EVP_aes_256_cbc(), nullptr, aes_key, request.iv, request.encrypt ? 1 : 0) !=
      1) {
    return false;
  }
  char digest[] = "SHA256";
  const OSSL_PARAM parameters[] = {
      OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, hmac_key, hmac_key_length),
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
      OSSL_PARAM_construct_end(),
  };
  return EVP_MAC_CTX_set_params(request.mac, parameters) == 1;
}

}  // namespace sslctx
