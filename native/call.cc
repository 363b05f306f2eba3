#include "call.h"

#include "state.h"

namespace sslctx {

SSL_CTX* Call::Configurable(std::size_t index) const {
  const ContextHandle context = addon().handles.GetContext(env_, arguments_[index], data_->name);
  if (context.state.shared) RefuseShared();
  return context.ctx;
}

void Call::RefuseShared() const {
  ThrowError(env_, "ERR_SSLCTX_SHARED",
             std::string(data_->name) + ": the context is used by several threads; set it up before it is shared");
}

void Call::Park() noexcept {
  if (parked_) return;
  try {
    try {
      throw;
    } catch (const Napi::Error& error) {
      parked_ = error;
    } catch (const std::exception& error) {
      parked_ = Napi::Error::New(env_, error.what());
    }
  } catch (...) {
    // The environment is ending: there is nobody left to tell.
  }
}

void DeliverAfter(const FastCall& fast) {
  const FunctionData data{&fast.addon(), fast.name()};
  Call call(fast.addon(), data);
  call.Deliver();
}

void ThrowToJs(napi_env env) noexcept {
  // Argument errors come before libssl is called; other exceptions may leave errors that must not reach the next user.
  ErrorQueue::ClearThread();
  try {
    try {
      throw;
    } catch (const Napi::Error& error) {
      error.ThrowAsJavaScriptException();
    } catch (const std::exception& error) {
      napi_throw_error(env, nullptr, error.what());
    }
  } catch (...) {
    // The environment is ending: nothing can be thrown, and nobody would catch it.
  }
}

}  // namespace sslctx
