// Times of a session, in seconds since the epoch, by the functions that are not deprecated in the OpenSSL at hand.
#pragma once

#include <cstdint>
#include <ctime>
#include <limits>

#include "openssl.h"

namespace sslctx {

#if OPENSSL_VERSION_NUMBER >= 0x30300000L
inline std::int64_t TimeOf(const SSL_SESSION* session) { return SSL_SESSION_get_time_ex(session); }
inline std::int64_t SetTimeOf(SSL_SESSION* session, std::int64_t time) {
  return SSL_SESSION_set_time_ex(session, static_cast<std::time_t>(time));
}
#else
inline std::int64_t TimeOf(const SSL_SESSION* session) { return SSL_SESSION_get_time(session); }
inline std::int64_t SetTimeOf(SSL_SESSION* session, std::int64_t time) {
  return SSL_SESSION_set_time(session, static_cast<long>(time));
}
#endif

/// The last second in which it is good. DER may hold any numbers, also negative ones: what ends behind the last second
/// that there is never ends, as for libssl.
inline std::int64_t ExpiryOf(const SSL_SESSION* session) {
  using Limits = std::numeric_limits<std::int64_t>;
  const std::int64_t time = TimeOf(session);
  const std::int64_t timeout = SSL_SESSION_get_timeout(session);
  if (timeout > 0 && time > Limits::max() - timeout) return Limits::max();
  if (timeout < 0 && time < Limits::min() - timeout) return Limits::min();
  return time + timeout;
}

#if OPENSSL_VERSION_NUMBER >= 0x30400000L
inline void FlushSessions(SSL_CTX* ctx, std::int64_t time) {
  SSL_CTX_flush_sessions_ex(ctx, static_cast<std::time_t>(time));
}
#else
inline void FlushSessions(SSL_CTX* ctx, std::int64_t time) { SSL_CTX_flush_sessions(ctx, static_cast<long>(time)); }
#endif

}  // namespace sslctx
