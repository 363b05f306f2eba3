#include "addon.h"

#include <algorithm>
#include <memory>
#include <string_view>

#include "callbacks.h"
#include "errors.h"
#include "groups.h"
#include "origin.h"
#include "shared_contexts.h"
#include "state.h"

namespace sslctx {

namespace {

/// By its name. The callbacks' setters decide by themselves (ssl_callbacks.cc).
bool ConfiguresContext(std::string_view name) {
  constexpr std::string_view kPrefixes[] = {
      "SSL_CTX_add1_", "SSL_CTX_add_client_CA", "SSL_CTX_clear_", "SSL_CTX_load_", "SSL_CTX_sess_set_cache_size",
      "SSL_CTX_set",   "SSL_CTX_use_",          "ringUse",        "setAlpnList",   "setLenientVerify"};
  constexpr std::string_view kCallbacks[] = {"_cb", "_callback", "_generate_session_id"};
  const auto begins = [&](std::string_view prefix) { return name.starts_with(prefix); };
  const auto ends = [&](std::string_view suffix) { return name.ends_with(suffix); };
  return std::any_of(std::begin(kPrefixes), std::end(kPrefixes), begins) &&
         std::none_of(std::begin(kCallbacks), std::end(kCallbacks), ends);
}

}  // namespace

Addon::Addon(Napi::Env env) : handles(*this), env_(env), lookup_key_(MakeLookupKey()) {}

Addon::~Addon() = default;

void Addon::Register(Napi::Object exports, std::span<const Export> functions) {
  for (const Export& function : functions) {
    // A deque: the addresses stay when it grows.
    FunctionData& data = functions_.emplace_back(FunctionData{this, function.name, ConfiguresContext(function.name)});
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

void Addon::Forget(std::uint64_t context) {
  const auto found = contexts.find(context);
  if (found == contexts.end()) return;
  napi_delete_reference(env_, found->second->record);
  contexts.erase(found);
}

void Addon::Close() {
  registers = none_;
  held_registers_.Reset();
  closing_ = true;
  outbox.Clear(*this);
  if (inbox) inbox->Close();
  handles.Close();
  // What is left is used by other threads.
  for (const auto& [serial, view] : contexts) {
    if (view->all) view->all->Drop(view.get());
    napi_delete_reference(env_, view->record);
  }
  contexts.clear();
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

  for (const auto group : {BioExports(), LibraryExports(), SessionBulkExports(), SharingExports(), SslCacheExports(),
                           SslCallbackExports(), SslClientHelloExports(), NetExports(), SslCtxExports(), SslExports(),
                           SslSessionExports(), TicketRingExports(), X509Exports()}) {
    addon.Register(exports, group);
  }
  exports.Set("constants", MakeConstants(env));
  exports.Set("openssl", DescribeOpenSsl(env));
  exports.Set("processTag", shared_contexts::ProcessTag());
  return exports;
}

}  // namespace

NODE_API_MODULE(sslctx, Init)

}  // namespace sslctx
