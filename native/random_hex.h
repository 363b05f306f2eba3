// A name that nobody guesses and nobody else has.
#pragma once

#include <cstdint>
#include <string>

#include "openssl.h"

namespace sslctx {

/// 16 random bytes as 32 digits. False, and nothing appended, when there are no random numbers.
inline bool AppendRandomHex(std::string* text) {
  std::uint8_t random[16];
  if (RAND_bytes(random, sizeof random) != 1) return false;
  constexpr char kDigits[] = "0123456789abcdef";
  for (const std::uint8_t byte : random) text->append({kDigits[byte >> 4], kDigits[byte & 15]});
  return true;
}

}  // namespace sslctx
