// The contexts that threads may take over from each other, by serial number.
#pragma once

#include <cstdint>
#include <string>

#include "openssl.h"

namespace sslctx::shared_contexts {

// Process-wide, because a number has to lead from one thread to another. A context is kept here for as long as some
// environment has a handle of it: connections alone, which may come to their end on any thread, do not count.

/// An environment has got a handle of it.
void Hold(SSL_CTX* ctx, std::uint64_t serial);
/// It has lost it.
void Release(std::uint64_t serial);

/// Random, of this process: the numbers mean nothing to others.
const std::string& ProcessTag();

using OwnedContext = Owned<SSL_CTX, SSL_CTX_free>;
/// Null when nobody has a handle of it any more.
OwnedContext Take(std::uint64_t serial);

}  // namespace sslctx::shared_contexts
