#include "session_read.h"

#include <climits>

#include "error_queue.h"

namespace sslctx {

OwnedSession SessionFromDer(std::span<const std::uint8_t> der) {
  if (der.empty() || der.size() > INT_MAX) return nullptr;
  const unsigned char* at = der.data();
  OwnedSession session(d2i_SSL_SESSION(nullptr, &at, static_cast<long>(der.size())));
  if (session && at != der.data() + der.size()) {
    session.reset();
    ErrorQueue::RaiseTrailingBytes();
  }
  return session;
}

OwnedSession SessionFromPem(BIO* bio) {
  const auto no_password = [](char*, int, int, void*) { return -1; };
  return OwnedSession(PEM_read_bio_SSL_SESSION(bio, nullptr, no_password, nullptr));
}

}  // namespace sslctx
