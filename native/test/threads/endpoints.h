// Contexts and connections of the threads' test.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "addon.h"
#include "openssl.h"
#include "ticket_ring.h"

namespace sslctx::threads {

using OwnedCtx = Owned<SSL_CTX, SSL_CTX_free>;

/// What one kind of context is for.
struct Profile {
  const char* name;
  int version;
  bool stateful;
  bool is_server;
};

/// As the binding makes contexts, with the callbacks that it installs. `ring` may be null.
OwnedCtx MakeContext(Addon& addon, const Profile& profile, std::shared_ptr<TicketRing> ring, long cache_size);

/// A session put together, complete, with one of a few IDs.
OwnedSession MakeSession(unsigned int number, std::int64_t time, long timeout);

/// How a connection ends.
enum class End : std::uint8_t {
  kClean,
  /// libssl takes its session out of the cache.
  kAbrupt,
  /// The client sends what is no record: a fatal alert.
  kBroken,
};

struct Outcome {
  bool done = false;
  bool reused = false;
  /// The client's, for the next connection.
  std::vector<OwnedSession> sessions;
};

/// A handshake, some data and the end of both sides, on memory. `offered` may be null.
Outcome Connect(Addon& addon, SSL_CTX* server, SSL_CTX* client, int version, SSL_SESSION* offered, End end);

}  // namespace sslctx::threads
