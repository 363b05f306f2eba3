// Sessions from bytes.
#pragma once

#include <cstdint>
#include <span>

#include "openssl.h"

namespace sslctx {

/// The session that these bytes are, with nothing behind it; null, with the thread's errors, for others.
OwnedSession SessionFromDer(std::span<const std::uint8_t> der);

/// The next session in the text, without a word to the terminal: a session has no password.
OwnedSession SessionFromPem(BIO* bio);

}  // namespace sslctx
