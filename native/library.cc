// The library itself: versions, the error queue, and what tests need to see.

#ifdef __linux__
#include <malloc.h>
#endif

#include "call.h"
#include "groups.h"
#include "state.h"

#if defined(__GLIBC__) && defined(__GLIBC_PREREQ)
#if __GLIBC_PREREQ(2, 33)
#define SSLCTX_HAS_MALLINFO2
#endif
#endif

namespace sslctx {

namespace {

Napi::Value SetFactories(Call& call) {
  call.addon().handles.SetFactories(call[0].As<Napi::Array>());
  return call.env().Undefined();
}

Napi::Value SetRegisters(Call& call) {
  call.addon().SetRegisters(call[0].As<Napi::Float64Array>());
  return call.env().Undefined();
}

Napi::Value ErrorCode(Napi::Env env, const QueuedError* error) {
  return Napi::Number::New(env, error == nullptr ? 0 : static_cast<double>(error->code));
}

Napi::Value GetError(Call& call) {
  ErrorQueue& errors = call.addon().errors;
  if (errors.empty()) return ErrorCode(call.env(), nullptr);
  const Napi::Value code = ErrorCode(call.env(), &errors.first());
  errors.PopFirst();
  return code;
}

Napi::Value PeekError(Call& call) {
  const ErrorQueue& errors = call.addon().errors;
  return ErrorCode(call.env(), errors.empty() ? nullptr : &errors.first());
}

Napi::Value PeekLastError(Call& call) {
  const ErrorQueue& errors = call.addon().errors;
  return ErrorCode(call.env(), errors.empty() ? nullptr : &errors.last());
}

Napi::Value GetErrorAll(Call& call) {
  ErrorQueue& errors = call.addon().errors;
  if (errors.empty()) return call.env().Null();
  const QueuedError error = errors.first();
  errors.PopFirst();
  Napi::Object result = Napi::Object::New(call.env());
  result.Set("code", ErrorCode(call.env(), &error));
  result.Set("file", ToJs(call.env(), error.file.c_str()));
  result.Set("line", ToJs(call.env(), error.line));
  result.Set("func", ToJs(call.env(), error.function.c_str()));
  result.Set("data", ToJs(call.env(), error.data.c_str()));
  result.Set("flags", ToJs(call.env(), error.flags));
  return result;
}

Napi::Value ClearError(Call& call) {
  call.addon().errors.Clear();
  return call.env().Undefined();
}

Napi::Value ErrorString(Call& call) {
  char text[256];
  ERR_error_string_n(call.Get<unsigned long>(0), text, sizeof text);
  return ToJs(call.env(), static_cast<const char*>(text));
}

Napi::Value ErrorStringN(Call& call) {
  const auto code = call.Get<unsigned long>(0);
  const Bytes buffer = call.Get<Bytes>(1);
  if (buffer.size != 0) ERR_error_string_n(code, reinterpret_cast<char*>(buffer.data), buffer.size);
  return call.env().Undefined();
}

Napi::Value Live(Call& call) {
  const LiveObjects live = CountLive();
  Napi::Object result = Napi::Object::New(call.env());
  result.Set("SSL_CTX", ToJs(call.env(), live.contexts));
  result.Set("SSL", ToJs(call.env(), live.connections));
  result.Set("SSL_SESSION", ToJs(call.env(), live.sessions));
  return result;
}

Napi::Value LiveHandles(Call& call) {
  Napi::Object result = Napi::Object::New(call.env());
  const auto live = call.addon().handles.Live();
  for (std::size_t kind = 0; kind < kKinds; ++kind) {
    result.Set(TraitsOf(static_cast<Kind>(kind)).name, ToJs(call.env(), live[kind]));
  }
  return result;
}

/// What malloc has handed out and not got back: resident memory also has what it keeps for later.
Napi::Value NativeHeap(Call& call) {
#ifdef SSLCTX_HAS_MALLINFO2
  const struct mallinfo2 info = mallinfo2();
  return ToJs(call.env(), static_cast<double>(info.uordblks) + static_cast<double>(info.hblkhd));
#else
  return call.env().Null();
#endif
}

Napi::Value ErrorQueueDepth(Call& call) { return ToJs(call.env(), ErrorQueue::DrainThread()); }

constexpr Export kExports[] = {
    {"setFactories", &EnterQuiet<SetFactories>},
    {"setRegisters", &EnterQuiet<SetRegisters>},
    {"live", &EnterQuiet<Live>},
    {"liveHandles", &EnterQuiet<LiveHandles>},
    {"nativeHeap", &EnterQuiet<NativeHeap>},
    {"errorQueueDepth", &EnterQuiet<ErrorQueueDepth>},
    {"ERR_get_error", &EnterQuiet<GetError>},
    {"ERR_peek_error", &EnterQuiet<PeekError>},
    {"ERR_peek_last_error", &EnterQuiet<PeekLastError>},
    {"ERR_get_error_all", &EnterQuiet<GetErrorAll>},
    {"ERR_clear_error", &EnterQuiet<ClearError>},
    {"ERR_error_string", &EnterQuiet<ErrorString>},
    {"ERR_error_string_n", &EnterQuiet<ErrorStringN>},
    SSLCTX_PLAIN(ERR_lib_error_string),
    SSLCTX_PLAIN(ERR_reason_error_string),
    SSLCTX_LAMBDA(ERR_GET_LIB, [](unsigned long code) { return ERR_GET_LIB(code); }),
    SSLCTX_LAMBDA(ERR_GET_REASON, [](unsigned long code) { return ERR_GET_REASON(code); }),
    SSLCTX_PLAIN(OpenSSL_version),
    SSLCTX_PLAIN(OpenSSL_version_num),
};

}  // namespace

std::span<const Export> LibraryExports() { return kExports; }

}  // namespace sslctx
