// Keys of session tickets (RFC 5077 section 4), from JavaScript.
#pragma once

#include <napi.h>

#include <cstddef>
#include <cstdint>

#include "openssl.h"

namespace sslctx {

inline constexpr std::size_t kTicketKeyNameLength = 16;

/// What libssl hands to its ticket key callback.
struct TicketKeyRequest {
  unsigned char* name;
  unsigned char* iv;
  EVP_CIPHER_CTX* cipher;
  EVP_MAC_CTX* mac;
  bool encrypt;
};

/// Sets the contexts up for AES-256-CBC with a key of 32 bytes and the request's IV, and HMAC-SHA256.
bool SetUpTicket(const TicketKeyRequest& request, const std::uint8_t* aes_key, std::uint8_t* hmac_key,
                 std::size_t hmac_key_length);

/// Sets the contexts up with `answer`: a number (-1 error, 0 no key), or { ret, name, aesKey, hmacKey } for AES-256-CBC
/// and HMAC-SHA256, which libssl's own tickets use. Returns what the C callback returns.
int UseTicketKey(Napi::Env env, const Napi::Value& answer, const TicketKeyRequest& request);

}  // namespace sslctx
