// From a C signature to a Node-API function.
#pragma once

#include <napi.h>

#include <exception>
#include <initializer_list>
#include <limits>
#include <optional>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>

#include "addon.h"
#include "arguments.h"
#include "errors.h"

namespace sslctx {

/// One call from JavaScript. Lives on the stack of the exported function.
class Call {
 public:
  explicit Call(const Napi::CallbackInfo& info)
      : info_(info), data_(*static_cast<FunctionData*>(info.Data())), outer_(data_.addon->current_call) {
    data_.addon->current_call = this;
  }
  ~Call() { data_.addon->current_call = outer_; }
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

  Napi::Env env() const { return info_.Env(); }
  Addon& addon() const { return *data_.addon; }
  const char* name() const { return data_.name; }
  Napi::Value operator[](std::size_t index) const { return info_[index]; }

  /// The C pointer behind argument `index`.
  template <typename T>
  T* Handle(std::size_t index) const {
    return addon().handles.Get<T>(info_[index], data_.name);
  }

  /// As Handle; null stands for NULL.
  template <typename T>
  T* HandleOrNull(std::size_t index) const {
    return info_[index].IsNull() ? nullptr : Handle<T>(index);
  }

  template <typename T>
  T Get(std::size_t index) const {
    return Argument<T>::From({env(), data_.name, index}, info_[index]);
  }

  /// Runs `body`, which calls JavaScript from inside of libssl, and keeps what it throws until the C call has returned.
  /// Returns false when it threw. The first exception wins.
  template <typename Body>
  bool Guard(Body&& body) noexcept {
    try {
      body();
      return true;
    } catch (const Napi::Error& error) {
      if (!parked_) parked_ = error;
    } catch (const std::exception& error) {
      try {
        if (!parked_) parked_ = Napi::Error::New(env(), error.what());
      } catch (...) {
        // The environment is ending: there is nobody left to tell.
      }
    } catch (...) {
    }
    return false;
  }

  /// After the C call: errors are moved to the environment's queue, queued callbacks delivered, what they threw rethrown.
  void Finish() {
    addon().errors.Collect();
    if (!addon().outbox.empty()) addon().outbox.Deliver(addon(), *this);
    if (parked_) {
      const Napi::Error error = *parked_;
      parked_.reset();
      throw error;
    }
  }

 private:
  const Napi::CallbackInfo& info_;
  const FunctionData& data_;
  Call* const outer_;
  std::optional<Napi::Error> parked_;
};

using Body = Napi::Value (*)(Call& call);

/// The Node-API function of a hand-written body.
template <Body body>
Napi::Value Enter(const Napi::CallbackInfo& info) {
  Call call(info);
  try {
    const Napi::Value result = body(call);
    call.Finish();
    return result;
  } catch (...) {
    // Argument errors come before libssl is called; whatever else is left must not reach the thread's next user.
    ErrorQueue::ClearThread();
    throw;
  }
}

/// As Enter, for functions that cannot fail in libssl, queue an error or make a callback.
template <Body body>
Napi::Value EnterQuiet(const Napi::CallbackInfo& info) {
  Call call(info);
  return body(call);
}

inline Napi::Value ToJs(Napi::Env env, const char* text) {
  return text == nullptr ? env.Null() : Napi::String::New(env, text).As<Napi::Value>();
}

template <typename T>
  requires std::is_arithmetic_v<T>
Napi::Value ToJs(Napi::Env env, T number) {
  return Napi::Number::New(env, static_cast<double>(number));
}

inline Napi::Value ToJs(Napi::Env env, const void* data, std::size_t length) {
  return Napi::Buffer<std::uint8_t>::Copy(env, static_cast<const std::uint8_t*>(data), length);
}

template <auto function, typename Signature = decltype(function)>
struct Plain;

/// A C function whose arguments and result need no word: handles, numbers, strings.
template <auto function, typename Result, typename... Arguments>
struct Plain<function, Result (*)(Arguments...)> {
  static Napi::Value Body(Call& call) { return Invoke(call, std::index_sequence_for<Arguments...>{}); }

 private:
  template <std::size_t... Index>
  static Napi::Value Invoke(Call& call, std::index_sequence<Index...>) {
    // Braces: converted from left to right, so that the first wrong argument is the one reported.
    std::tuple<typename Holder<Arguments>::Type...> arguments{Convert<Arguments>(call, Index)...};
    if constexpr (std::is_void_v<Result>) {
      function(Pass<Arguments>(std::get<Index>(arguments))...);
      return call.env().Undefined();
    } else {
      return ToJs(call.env(), function(Pass<Arguments>(std::get<Index>(arguments))...));
    }
  }

  template <typename T>
  static typename Holder<T>::Type Convert(const Call& call, std::size_t index) {
    if constexpr (kIsHandle<T>) {
      return call.Handle<std::remove_const_t<std::remove_pointer_t<T>>>(index);
    } else {
      return call.Get<typename Holder<T>::Type>(index);
    }
  }

  template <typename T>
  static T Pass(const typename Holder<T>::Type& held) {
    if constexpr (std::is_same_v<T, const char*>) {
      return held.c_str();
    } else {
      return held;
    }
  }
};

/// A C function that returns a pointer which the caller owns (X_new, get1, dup), as a handle.
template <auto function>
Napi::Value OwnResult(Call& call) {
  auto* const pointer = function(call);
  if (pointer == nullptr) return call.env().Null();
  return call.addon().handles.Own(call.env(), kKindOf<std::remove_pointer_t<decltype(pointer)>>, pointer);
}

}  // namespace sslctx

/// Table rows; the C function may be a macro.
#define SSLCTX_PLAIN(name) {#name, &sslctx::Enter<&sslctx::Plain<&name>::Body>}
#define SSLCTX_QUIET(name) {#name, &sslctx::EnterQuiet<&sslctx::Plain<&name>::Body>}
#define SSLCTX_LAMBDA(name, ...) {#name, &sslctx::Enter<&sslctx::Plain<+__VA_ARGS__>::Body>}
#define SSLCTX_BODY(name, body) {#name, &sslctx::Enter<&body>}
