#include "origin.h"

#include <dlfcn.h>

#include <climits>
#include <cstdlib>
#include <string>

#include "errors.h"
#include "openssl.h"

namespace sslctx {

namespace {

struct Origin {
  const void* base = nullptr;
  std::string path;
};

Origin OriginOf(const void* symbol) {
  Dl_info info{};
  if (dladdr(symbol, &info) == 0 || info.dli_fname == nullptr) return {};
  char resolved[PATH_MAX];
  return {info.dli_fbase, realpath(info.dli_fname, resolved) != nullptr ? resolved : info.dli_fname};
}

template <typename Function>
const void* AddressOf(Function* function) {
  return reinterpret_cast<const void*>(function);
}

Origin Libssl() { return OriginOf(AddressOf(&SSL_CTX_new)); }
Origin Libcrypto() { return OriginOf(AddressOf(&EVP_MD_fetch)); }
Origin Node() { return OriginOf(AddressOf(&napi_create_object)); }

/// Whether the program itself would call the same function. RTLD_DEFAULT would not tell: under RTLD_DEEPBIND it finds
/// the addon's own libraries first.
bool SharedWithNode() {
  void* const program = dlopen(nullptr, RTLD_LAZY);
  if (program == nullptr) return false;
  const bool shared = dlsym(program, "SSL_CTX_new") == AddressOf(&SSL_CTX_new);
  dlclose(program);
  return shared;
}

}  // namespace

void RequireGenuineOpenSsl(Napi::Env env) {
  const Origin node = Node();
  for (const auto& [name, origin] : {std::pair{"libssl", Libssl()}, std::pair{"libcrypto", Libcrypto()}}) {
    if (origin.base != node.base && origin.base != nullptr) continue;
    ThrowError(env, "ERR_SSLCTX_WRONG_OPENSSL",
               std::string("sslctx needs the system's ") + name + ", but its symbols are bound to " + node.path +
                   ", which contains another OpenSSL (" + OpenSSL_version(OPENSSL_VERSION) +
                   "). The addon must be loaded by require('sslctx') or import 'sslctx', which use RTLD_DEEPBIND; a "
                   "plain require() or a bundler's copy of sslctx.node cannot work");
  }
  const unsigned long running = OpenSSL_version_num();
  if (running < OPENSSL_VERSION_NUMBER || running >> 28 != OPENSSL_VERSION_NUMBER >> 28) {
    ThrowError(env, "ERR_SSLCTX_WRONG_OPENSSL",
               std::string("sslctx was compiled for ") + OPENSSL_VERSION_TEXT + ", but " + Libcrypto().path + " is " +
                   OpenSSL_version(OPENSSL_VERSION) + ". Rebuild it: npm rebuild sslctx");
  }
}

Napi::Object DescribeOpenSsl(Napi::Env env) {
  Napi::Object description = Napi::Object::New(env);
  const auto set = [&](const char* name, const std::string& value) {
    description.Set(name, Napi::String::New(env, value));
  };
  const char* const directory = OPENSSL_info(OPENSSL_INFO_CONFIG_DIR);
  set("version", OpenSSL_version(OPENSSL_VERSION));
  set("versionString", OpenSSL_version(OPENSSL_FULL_VERSION_STRING));
  description.Set("versionNumber", Napi::Number::New(env, static_cast<double>(OpenSSL_version_num())));
  set("headerVersion", OPENSSL_VERSION_TEXT);
  description.Set("headerVersionNumber", Napi::Number::New(env, static_cast<double>(OPENSSL_VERSION_NUMBER)));
  set("libssl", Libssl().path);
  set("libcrypto", Libcrypto().path);
  set("directory", directory == nullptr ? "" : directory);
  description.Set("sharedWithNode", Napi::Boolean::New(env, SharedWithNode()));
  return description;
}

}  // namespace sslctx
