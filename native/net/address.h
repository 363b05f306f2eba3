// Socket addresses, as JavaScript has them.
#pragma once

#include <napi.h>
#include <sys/socket.h>

namespace sslctx {

struct Address {
  sockaddr_storage storage{};
  socklen_t length = 0;
  int family = AF_UNSPEC;
};

/// From `{ path }` or `{ address, port }`. False when it is neither.
bool Read(const Napi::Object& from, Address* address);

/// `{ address, family, port }` by getsockname(2) or getpeername(2); undefined where there is none.
Napi::Value NameOf(Napi::Env env, int fd, int (*ask)(int, sockaddr*, socklen_t*));

}  // namespace sslctx
