#include "shared_contexts.h"

#include <mutex>
#include <unordered_map>

#include "random_hex.h"

namespace sslctx::shared_contexts {

namespace {

struct Entry {
  OwnedContext ctx;
  std::uint32_t holders = 0;
};

struct Registry {
  std::mutex mutex;
  std::unordered_map<std::uint64_t, Entry> entries;
};

// Never destroyed: threads may still end while the process does.
Registry& TheRegistry() {
  static auto* const registry = new Registry();
  return *registry;
}

}  // namespace

const std::string& ProcessTag() {
  static const auto* const tag = [] {
    auto* const text = new std::string();
    // Without random numbers no TLS works either.
    static_cast<void>(AppendRandomHex(text));
    return text;
  }();
  return *tag;
}

void Hold(SSL_CTX* ctx, std::uint64_t serial) {
  Registry& registry = TheRegistry();
  const std::lock_guard lock(registry.mutex);
  Entry& entry = registry.entries[serial];
  if (!entry.ctx && SSL_CTX_up_ref(ctx) == 1) entry.ctx.reset(ctx);
  ++entry.holders;
}

void Release(std::uint64_t serial) {
  // Freed behind the lock: libssl calls back.
  OwnedContext last;
  Registry& registry = TheRegistry();
  const std::lock_guard lock(registry.mutex);
  const auto found = registry.entries.find(serial);
  if (found == registry.entries.end() || --found->second.holders > 0) return;
  last = std::move(found->second.ctx);
  registry.entries.erase(found);
}

OwnedContext Take(std::uint64_t serial) {
  Registry& registry = TheRegistry();
  const std::lock_guard lock(registry.mutex);
  const auto found = registry.entries.find(serial);
  if (found == registry.entries.end() || SSL_CTX_up_ref(found->second.ctx.get()) != 1) return nullptr;
  return OwnedContext(found->second.ctx.get());
}

}  // namespace sslctx::shared_contexts
