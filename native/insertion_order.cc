#include "insertion_order.h"

#include <algorithm>
#include <bit>

#include "state.h"

namespace sslctx {

namespace {

void Collect(void* session, void* list) {
  static_cast<std::vector<const SSL_SESSION*>*>(list)->push_back(static_cast<const SSL_SESSION*>(session));
}

}  // namespace

void InsertionOrder::Rebuild(SSL_CTX* ctx, std::size_t more) {
  std::vector<const SSL_SESSION*> live;
  // Nothing is allocated inside of libssl's walk, through which no exception may go.
  live.reserve(static_cast<std::size_t>(SSL_CTX_sess_number(ctx)) + 1);
  OPENSSL_LH_doall_arg(TableOf(ctx), Collect, &live);

  // Room for many more, so that this happens once in as many insertions.
  constexpr std::size_t kSmallest = 16;
  const std::size_t needed = live.size() + more;
  const std::size_t size = std::max(kSmallest, std::bit_ceil(needed + needed / 2 + needed / 4));
  InsertionOrder fresh;
  fresh.slots_.resize(size);
  fresh.limit_ = size / 4 * 3;
  fresh.shift_ = 64 - static_cast<unsigned int>(std::countr_zero(size));
  fresh.last_ = last_;
  for (const SSL_SESSION* const session : live) {
    const std::uint64_t number = Of(session);
    if (number == 0) continue;
    fresh.Find(session) = {session, number};
    ++fresh.used_;
  }
  *this = std::move(fresh);
}

}  // namespace sslctx
