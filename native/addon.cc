#include "addon.h"

#include <memory>

#include "callbacks.h"
#include "errors.h"
#include "groups.h"
#include "origin.h"
#include "state.h"

namespace sslctx {

Addon::Addon(Napi::Env env) : handles(*this), env_(env), lookup_key_(MakeLookupKey()) {}

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

void Addon::SetRegisters(Napi::Float64Array array) {
  // Shared memory alone stays where it is for as long as somebody refers to it.
  napi_value buffer = nullptr;
  bool is_detachable = true;
  if (napi_get_typedarray_info(env_, array, nullptr, nullptr, nullptr, &buffer, nullptr) != napi_ok ||
      napi_is_arraybuffer(env_, buffer, &is_detachable) != napi_ok || is_detachable ||
      array.ElementLength() < kRegisters) {
    ThrowTypeError(env_, "ERR_INVALID_ARG_TYPE", "setRegisters: expected a Float64Array of shared memory");
  }
  held_registers_ = Napi::Persistent(array.As<Napi::Object>());
  registers = array.Data();
}

void Addon::Close() {
  registers = none_;
  held_registers_.Reset();
  closing_ = true;
  outbox.Clear(*this);
  handles.Close();
  DropLookupKey(std::move(lookup_key_));
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
