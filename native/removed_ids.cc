#include "removed_ids.h"

#include <algorithm>

namespace sslctx {

void RemovedIds::Add(const SSL_SESSION* session) {
  unsigned int length = 0;
  const unsigned char* const bytes = SSL_SESSION_get_id(session, &length);
  if (length == 0 || length > SSL_MAX_SSL_SESSION_ID_LENGTH) return;
  if (ids_.size() < kCapacity) ids_.emplace_back();
  Id& place = ids_[next_ % kCapacity];
  next_ = (next_ + 1) % kCapacity;
  place.length = static_cast<std::uint8_t>(length);
  std::copy_n(bytes, length, place.bytes);
}

bool RemovedIds::Has(std::span<const std::uint8_t> id) const {
  return std::any_of(ids_.begin(), ids_.end(), [&](const Id& each) {
    return std::equal(id.begin(), id.end(), each.bytes, each.bytes + each.length);
  });
}

}  // namespace sslctx
