#include "arguments.h"

#include <cmath>

namespace sslctx {

std::int64_t ToInteger(const Place& place, const Napi::Value& value, std::int64_t min, std::int64_t max) {
  double number = 0;
  if (napi_get_value_double(place.env, value, &number) != napi_ok) {
    ThrowTypeError(place.env, "ERR_INVALID_ARG_TYPE", place.Text() + " must be a number. Received " + Describe(value));
  }
  if (!(number >= static_cast<double>(min) && number <= static_cast<double>(max)) || std::trunc(number) != number) {
    ThrowRangeError(place.env, place.Text() + " must be an integer from " + std::to_string(min) + " to " +
                                   std::to_string(max) + ". Received " + Describe(value));
  }
  return static_cast<std::int64_t>(number);
}

std::string ToCString(const Place& place, const Napi::Value& value) {
  if (!value.IsString()) {
    ThrowTypeError(place.env, "ERR_INVALID_ARG_TYPE", place.Text() + " must be a string. Received " + Describe(value));
  }
  std::string text = value.As<Napi::String>().Utf8Value();
  if (text.find('\0') != std::string::npos) {
    ThrowTypeError(place.env, "ERR_INVALID_ARG_VALUE", place.Text() + " must be a string without null bytes");
  }
  return text;
}

Bytes ToBytes(const Place& place, const Napi::Value& value) {
  napi_typedarray_type type{};
  std::size_t size = 0;
  void* data = nullptr;
  const bool is_uint8 = napi_get_typedarray_info(place.env, value, &type, &size, &data, nullptr, nullptr) == napi_ok &&
                        (type == napi_uint8_array || type == napi_uint8_clamped_array);
  if (!is_uint8) {
    ThrowTypeError(place.env, "ERR_INVALID_ARG_TYPE",
                   place.Text() + " must be a Uint8Array. Received " + Describe(value));
  }
  return {static_cast<std::uint8_t*>(data), data == nullptr ? 0 : size};
}

}  // namespace sslctx
