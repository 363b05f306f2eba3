// JavaScript errors with a stable code.
#pragma once

#include <napi.h>

#include <cstdint>
#include <string>

namespace sslctx {

enum class ErrorClass : std::uint8_t { kError, kTypeError, kRangeError };

/// An Error, TypeError or RangeError whose `code` property is `code`.
Napi::Error MakeError(Napi::Env env, ErrorClass error_class, const char* code, const std::string& message);

[[noreturn]] void ThrowError(Napi::Env env, const char* code, const std::string& message);
[[noreturn]] void ThrowTypeError(Napi::Env env, const char* code, const std::string& message);
[[noreturn]] void ThrowRangeError(Napi::Env env, const std::string& message);

/// What the value is, for messages: "a string", "null", "1.5". Never its content, which may be a secret.
std::string Describe(const Napi::Value& value);

}  // namespace sslctx
