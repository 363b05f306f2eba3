// What the fuzz targets have in common.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "openssl.h"

namespace sslctx::fuzz {

using ByteView = std::span<const std::uint8_t>;
using Bytes = std::vector<std::uint8_t>;

/// Ends the program: the claim does not hold.
#define SSLCTX_CLAIM(condition) \
  ((condition) ? static_cast<void>(0) : ::sslctx::fuzz::Fail(#condition, __FILE__, __LINE__))
[[noreturn]] void Fail(const char* condition, const char* file, int line);

using OwnedContext = Owned<SSL_CTX, SSL_CTX_free>;

/// A session of no cache, for looking up others.
SSL_SESSION* LookupKey();

/// As SSL_CTX_new of the binding makes it: with the state that native code keeps.
OwnedContext NewContext(const SSL_METHOD* method);
/// As SSL_new of the binding makes it.
Owned<SSL, SSL_free> NewSsl(SSL_CTX* ctx);

/// The DER of a session; empty when it has none.
Bytes DerOf(const SSL_SESSION* session);

/// Reads all that a session tells, writes it in every form, and adds it to a cache and takes it out again.
void Use(SSL_SESSION* session);

/// libcrypto is not instrumented: what it answers is as good as an edge in it. `value` is any small set of bits.
void Observe(std::uint32_t value);

/// For the end of each run: no error may stay behind, and no object.
void Settle();

}  // namespace sslctx::fuzz
