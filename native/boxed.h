// C++ objects that JavaScript holds.
#pragma once

#include <napi.h>

#include <memory>
#include <string>

#include "call.h"

namespace sslctx {

/// An object of JavaScript's that owns a `T`, and is tagged with `T::kTag`: nothing else is taken for one.
template <typename T>
class Boxed {
 public:
  static Napi::Value New(Napi::Env env, std::unique_ptr<T> object) {
    const Napi::Object box = Napi::Object::New(env);
    if (napi_type_tag_object(env, box, &T::kTag) != napi_ok) throw Napi::Error::New(env);
    if (napi_wrap(env, box, object.get(), Delete, nullptr, nullptr) != napi_ok) throw Napi::Error::New(env);
    static_cast<void>(object.release());
    return box;
  }

  static T& From(const Call& call, std::size_t index) {
    bool is_tagged = false;
    void* object = nullptr;
    if (napi_check_object_type_tag(call.env(), call[index], &T::kTag, &is_tagged) != napi_ok || !is_tagged ||
        napi_unwrap(call.env(), call[index], &object) != napi_ok) {
      ThrowTypeError(call.env(), "ERR_INVALID_ARG_TYPE",
                     std::string(call.name()) + ": argument " + std::to_string(index + 1) + " must be a " + T::kName);
    }
    return *static_cast<T*>(object);
  }

 private:
  static void Delete(napi_env, void* object, void*) noexcept { delete static_cast<T*>(object); }
};

}  // namespace sslctx
