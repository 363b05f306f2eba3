#include "address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <cstddef>
#include <cstring>
#include <string>

namespace sslctx {

bool Read(const Napi::Object& from, Address* address) {
  if (from.Get("path").IsString()) {
    const std::string path = from.Get("path").As<Napi::String>();
    auto* const un = reinterpret_cast<sockaddr_un*>(&address->storage);
    if (path.empty() || path.size() >= sizeof un->sun_path) return false;
    un->sun_family = AF_UNIX;
    std::memcpy(un->sun_path, path.data(), path.size());
    address->length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size() + (path[0] == 0 ? 0 : 1));
    address->family = AF_UNIX;
    return true;
  }
  const std::string text = from.Get("address").As<Napi::String>();
  const auto port = static_cast<std::uint16_t>(from.Get("port").As<Napi::Number>().Uint32Value());
  auto* const v4 = reinterpret_cast<sockaddr_in*>(&address->storage);
  auto* const v6 = reinterpret_cast<sockaddr_in6*>(&address->storage);
  if (inet_pton(AF_INET, text.c_str(), &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = htons(port);
    address->length = sizeof *v4;
  } else if (inet_pton(AF_INET6, text.c_str(), &v6->sin6_addr) == 1) {
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(port);
    address->length = sizeof *v6;
  } else {
    return false;
  }
  address->family = address->storage.ss_family;
  return true;
}

namespace {

Napi::Value ToObject(Napi::Env env, const sockaddr_storage& storage) {
  char text[INET6_ADDRSTRLEN] = "";
  std::uint16_t port = 0;
  if (storage.ss_family == AF_INET) {
    const auto* const v4 = reinterpret_cast<const sockaddr_in*>(&storage);
    inet_ntop(AF_INET, &v4->sin_addr, text, sizeof text);
    port = ntohs(v4->sin_port);
  } else if (storage.ss_family == AF_INET6) {
    const auto* const v6 = reinterpret_cast<const sockaddr_in6*>(&storage);
    inet_ntop(AF_INET6, &v6->sin6_addr, text, sizeof text);
    port = ntohs(v6->sin6_port);
  } else {
    return env.Undefined();
  }
  Napi::Object result = Napi::Object::New(env);
  result.Set("address", text);
  result.Set("family", storage.ss_family == AF_INET ? "IPv4" : "IPv6");
  result.Set("port", port);
  return result;
}

}  // namespace

Napi::Value NameOf(Napi::Env env, int fd, int (*ask)(int, sockaddr*, socklen_t*)) {
  sockaddr_storage storage{};
  socklen_t length = sizeof storage;
  if (fd < 0 || ask(fd, reinterpret_cast<sockaddr*>(&storage), &length) != 0) return env.Undefined();
  return ToObject(env, storage);
}

}  // namespace sslctx
