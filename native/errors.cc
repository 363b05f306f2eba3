#include "errors.h"

#include <cstdio>

namespace sslctx {

Napi::Error MakeError(Napi::Env env, ErrorClass error_class, const char* code, const std::string& message) {
  Napi::Error error = [&]() -> Napi::Error {
    switch (error_class) {
      case ErrorClass::kTypeError:
        return Napi::TypeError::New(env, message);
      case ErrorClass::kRangeError:
        return Napi::RangeError::New(env, message);
      case ErrorClass::kError:
        break;
    }
    return Napi::Error::New(env, message);
  }();
  error.Set("code", Napi::String::New(env, code));
  return error;
}

void ThrowError(Napi::Env env, const char* code, const std::string& message) {
  throw MakeError(env, ErrorClass::kError, code, message);
}

void ThrowTypeError(Napi::Env env, const char* code, const std::string& message) {
  throw MakeError(env, ErrorClass::kTypeError, code, message);
}

void ThrowRangeError(Napi::Env env, const std::string& message) {
  throw MakeError(env, ErrorClass::kRangeError, "ERR_OUT_OF_RANGE", message);
}

std::string Describe(const Napi::Value& value) {
  switch (value.Type()) {
    case napi_undefined:
      return "undefined";
    case napi_null:
      return "null";
    case napi_boolean:
      return value.As<Napi::Boolean>().Value() ? "true" : "false";
    case napi_number: {
      char text[32];
      static_cast<void>(std::snprintf(text, sizeof text, "%.17g", value.As<Napi::Number>().DoubleValue()));
      return text;
    }
    case napi_string:
      return "a string";
    case napi_symbol:
      return "a symbol";
    case napi_function:
      return "a function";
    case napi_bigint:
      return "a bigint";
    case napi_object:
    case napi_external:
      break;
  }
  return "an object";
}

}  // namespace sslctx
