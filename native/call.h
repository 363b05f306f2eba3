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
  /// No exported function has more.
  static constexpr std::size_t kMaxArguments = 4;

  // Not Napi::CallbackInfo, which also asks for `this` and the new target: that takes longer than many a C function.
  Call(napi_env env, napi_callback_info info) : env_(env) {
    std::size_t count = kMaxArguments;
    void* data = nullptr;
    // Fills missing arguments with undefined.
    if (napi_get_cb_info(env, info, &count, arguments_, nullptr, &data) != napi_ok) throw Napi::Error::New(env);
    data_ = static_cast<FunctionData*>(data);
    outer_ = data_->addon->current_call;
    data_->addon->current_call = this;
  }
  /// A call that no function of JavaScript's has made: the event loop's.
  Call(Addon& addon, const FunctionData& data) : env_(addon.env()), data_(&data) {
    outer_ = addon.current_call;
    addon.current_call = this;
  }
  ~Call() { data_->addon->current_call = outer_; }
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

  Napi::Env env() const { return env_; }
  Addon& addon() const { return *data_->addon; }
  const char* name() const { return data_->name; }
  Napi::Value operator[](std::size_t index) const { return Napi::Value(env_, arguments_[index]); }

  /// The C pointer behind argument `index`.
  template <typename T>
  T* Handle(std::size_t index) const {
    if constexpr (std::is_same_v<T, SSL_CTX>) {
      if (data_->configures) return Configurable(index);
    }
    return static_cast<T*>(addon().handles.Get(env_, arguments_[index], kKindOf<T>, data_->name));
  }

  /// As Handle, for what must not be done to a context of several threads: throws ERR_SSLCTX_SHARED.
  SSL_CTX* Configurable(std::size_t index) const;
  [[noreturn]] void RefuseShared() const;

  /// As Handle, with what is kept beside the pointer.
  SessionHandle Session(std::size_t index) const {
    return addon().handles.GetSession(env_, arguments_[index], data_->name);
  }

  /// As Handle; null stands for NULL.
  template <typename T>
  T* HandleOrNull(std::size_t index) const {
    return (*this)[index].IsNull() ? nullptr : Handle<T>(index);
  }

  template <typename T>
  T Get(std::size_t index) const {
    return Argument<T>::From({env_, data_->name, index}, (*this)[index]);
  }

  /// Runs `body`, which calls JavaScript from inside of libssl, and keeps what it throws until the C call has returned.
  /// Returns false when it threw. The first exception wins.
  template <typename Body>
  bool Guard(Body&& body) noexcept {
    try {
      body();
      return true;
    } catch (...) {
      Park();
      return false;
    }
  }

  /// After the C call: errors are moved to the environment's queue, queued callbacks delivered, what they threw
  /// rethrown.
  void Finish() {
    addon().errors.Collect();
    Deliver();
  }

  /// Finish without the errors.
  void Deliver() {
    if (!addon().outbox.empty()) addon().outbox.Deliver(addon(), *this);
    if (parked_) {
      const Napi::Error error = *parked_;
      parked_.reset();
      throw error;
    }
  }

 private:
  /// Keeps the exception that is being handled, unless there is one already.
  void Park() noexcept;

  napi_env env_;
  napi_value arguments_[kMaxArguments] = {};
  const FunctionData* data_ = nullptr;
  Call* outer_ = nullptr;
  std::optional<Napi::Error> parked_;
};

using Body = Napi::Value (*)(Call& call);

/// Makes the exception that is being handled JavaScript's. Whatever libssl has left behind is cleared.
void ThrowToJs(napi_env env) noexcept;

/// What a body leaves behind when it has returned.
enum class Ending : std::uint8_t {
  /// Errors and callbacks.
  kAll,
  /// Callbacks: the C function queues no error.
  kCallbacks,
  /// Nothing: it only reads.
  kNone,
};

/// The Node-API function of a body. No exception leaves it.
template <Body body, Ending ending = Ending::kAll>
napi_value Enter(napi_env env, napi_callback_info info) noexcept {
  try {
    Call call(env, info);
    const Napi::Value result = body(call);
    if constexpr (ending == Ending::kAll) call.Finish();
    if constexpr (ending == Ending::kCallbacks) call.Deliver();
    return result;
  } catch (...) {
    ThrowToJs(env);
  }
  return nullptr;
}

/// A call whose arguments and result are in the registers: 10 nanoseconds instead of 30. Worth it only where that
/// counts. libssl must not call JavaScript in it; what it queues is delivered.
class FastCall {
 public:
  FastCall(napi_env env, const char* name, Addon& addon) : env_(env), name_(name), addon_(addon) {}

  napi_env env() const { return env_; }
  const char* name() const { return name_; }
  Addon& addon() const { return addon_; }
  double operator[](std::size_t index) const { return addon_.registers[index]; }

  template <typename T>
  T* Handle(std::size_t index) const {
    return static_cast<T*>(addon_.handles.Get(env_, (*this)[index], kKindOf<T>, name_));
  }
  SessionHandle Session(std::size_t index) const { return addon_.handles.GetSession(env_, (*this)[index], name_); }
  ContextHandle Context(std::size_t index) const { return addon_.handles.GetContext(env_, (*this)[index], name_); }

 private:
  napi_env env_;
  const char* name_;
  Addon& addon_;
};

/// Calls JavaScript for what libssl has queued in a FastCall.
void DeliverAfter(const FastCall& call);

template <auto body, Ending ending>
napi_value EnterFast(napi_env env, const char* name) noexcept {
  try {
    void* data = nullptr;
    if (napi_get_instance_data(env, &data) != napi_ok) throw Napi::Error::New(env);
    const FastCall call(env, name, *static_cast<Addon*>(data));
    const auto result = static_cast<double>(body(call));
    if constexpr (ending == Ending::kCallbacks) {
      if (!call.addon().outbox.empty()) [[unlikely]]
        DeliverAfter(call);
    }
    // Last: JavaScript that was called back may have used the registers.
    call.addon().registers[0] = result;
  } catch (...) {
    ThrowToJs(env);
  }
  return nullptr;
}

/// As EnterFast for what only reads, with arguments of Node-API's besides.
template <auto body>
napi_value EnterMixed(napi_env env, napi_callback_info info) noexcept {
  try {
    Call call(env, info);
    call.addon().registers[0] = static_cast<double>(body(call));
  } catch (...) {
    ThrowToJs(env);
  }
  return nullptr;
}

template <Body body>
napi_value EnterQuiet(napi_env env, napi_callback_info info) noexcept {
  return Enter<body, Ending::kNone>(env, info);
}

inline Napi::Value ToJs(Napi::Env env, const char* text) {
  return text == nullptr ? env.Null() : Napi::String::New(env, text).As<Napi::Value>();
}

template <typename T>
  requires std::is_arithmetic_v<T>
Napi::Value ToJs(Napi::Env env, T number) {
  napi_value value = nullptr;
  if constexpr (std::is_signed_v<T> && sizeof(T) <= sizeof(std::int32_t)) {
    napi_create_int32(env, number, &value);
  } else {
    napi_create_double(env, static_cast<double>(number), &value);
  }
  return Napi::Value(env, value);
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

/// X_up_ref and X_free of a handle: what the handle owns is counted by the table.
template <Kind kind>
Napi::Value UpRef(Call& call) {
  return ToJs(call.env(), call.addon().handles.UpRef(call.env(), call[0], kind, call.name()) ? 1 : 0);
}

template <Kind kind>
Napi::Value Free(Call& call) {
  call.addon().handles.Free(call.env(), call[0], kind, call.name());
  return call.env().Undefined();
}

}  // namespace sslctx

/// Table rows; the C function may be a macro.
#define SSLCTX_PLAIN(name) {#name, &sslctx::Enter<&sslctx::Plain<&name>::Body>}
#define SSLCTX_QUIET(name) {#name, &sslctx::EnterQuiet<&sslctx::Plain<&name>::Body>}
#define SSLCTX_LAMBDA(name, ...) {#name, &sslctx::Enter<&sslctx::Plain<+__VA_ARGS__>::Body>}
#define SSLCTX_BODY(name, body) {#name, &sslctx::Enter<&body>}
#define SSLCTX_FAST(name, body, ending) \
  {#name, [](napi_env env, napi_callback_info) noexcept { return sslctx::EnterFast<body, ending>(env, #name); }}
