#include "addon.h"

#include <memory>

#include "callbacks.h"
#include "groups.h"
#include "origin.h"
#include "state.h"

namespace sslctx {

Addon::Addon(Napi::Env env) : handles(*this), env_(env) {}

Addon::~Addon() = default;

void Addon::Register(Napi::Object exports, std::span<const Export> functions) {
  for (const Export& function : functions) {
    // A deque: the addresses stay when it grows.
    FunctionData& data = functions_.emplace_back(FunctionData{this, function.name});
    napi_value value = nullptr;
    if (napi_create_function(env_, function.name, NAPI_AUTO_LENGTH, function.function, &data, &value) != napi_ok) {
      throw Napi::Error::New(env_);
    }
    exports.Set(function.name, value);
  }
}

void Addon::Close() {
  closing_ = true;
  outbox.Clear(*this);
  handles.Close();
  ErrorQueue::ClearThread();
}

namespace {

void CloseAddon(void* addon) { static_cast<Addon*>(addon)->Close(); }

Napi::Object Init(Napi::Env env, Napi::Object exports) {
  RequireGenuineOpenSsl(env);
  // Worker threads and finalizers may still use libssl while the process exits: OpenSSL must not clean up under them.
  OPENSSL_init_ssl(OPENSSL_INIT_NO_ATEXIT, nullptr);
  RegisterState();

  auto owned = std::make_unique<Addon>(env);
  Addon& addon = *owned;
  env.SetInstanceData(owned.release());
  napi_add_env_cleanup_hook(env, CloseAddon, &addon);

  for (const auto group : {BioExports(), LibraryExports(), SessionBulkExports(), SslCacheExports(),
                           SslCallbackExports(), SslClientHelloExports(), NetExports(), SslCtxExports(), SslExports(),
                           SslSessionExports(), TicketRingExports(), X509Exports()}) {
    addon.Register(exports, group);
  }
  exports.Set("constants", MakeConstants(env));
  exports.Set("openssl", DescribeOpenSsl(env));
  return exports;
}

}  // namespace

NODE_API_MODULE(sslctx, Init)

}  // namespace sslctx
