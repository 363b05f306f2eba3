// From a JavaScript value to a C argument, or a typed error.
#pragma once

#include <napi.h>

#include <cstdint>
#include <limits>
#include <string>
#include <type_traits>
#include <vector>

#include "errors.h"
#include "handles.h"

namespace sslctx {

/// Where an argument stands, for messages.
struct Place {
  Napi::Env env;
  const char* function;
  std::size_t index;

  /// The index of what a callback returned.
  static constexpr std::size_t kResult = std::numeric_limits<std::size_t>::max();

  std::string Text() const {
    return index == kResult ? "the result of the callback of " + std::string(function)
                            : std::string(function) + ": argument " + std::to_string(index + 1);
  }
};

/// An integer between `Min` and `Max`, where libssl mishandles what the C type can hold.
template <std::int64_t Min, std::int64_t Max>
struct Ranged {
  std::int64_t value;
  operator std::int64_t() const { return value; }
};

// OpenSSL 3.5 counts nanoseconds in 64 bits: from 18,446,744,073 seconds on times wrap around, and -1 is a time in the
// far future where 3.0 means the past. A time and a timeout in these ranges add up without wrapping.
using Seconds = Ranged<0, (std::int64_t{1} << 34) - 1>;
using Timeout = Ranged<0, std::numeric_limits<std::int32_t>::max()>;

/// Bytes of a Uint8Array, good until JavaScript runs again.
struct Bytes {
  std::uint8_t* data;
  std::size_t size;
};

/// Bytes of a Uint8Array, copied: JavaScript in a callback, or another thread through a SharedArrayBuffer, cannot
/// change them under libssl.
using CopiedBytes = std::vector<std::uint8_t>;

std::int64_t ToInteger(const Place& place, const Napi::Value& value, std::int64_t min, std::int64_t max);

/// A string without NUL, which C would take for its end.
std::string ToCString(const Place& place, const Napi::Value& value);

Bytes ToBytes(const Place& place, const Napi::Value& value);

template <typename T>
struct Argument;

template <typename T>
  requires std::is_integral_v<T>
struct Argument<T> {
  static T From(const Place& place, const Napi::Value& value) {
    constexpr std::int64_t kSafe = (std::int64_t{1} << 53) - 1;
    constexpr std::int64_t kMin = std::is_signed_v<T> && sizeof(T) < 8 ? std::int64_t{std::numeric_limits<T>::min()}
                                  : std::is_signed_v<T>                ? -kSafe
                                                                       : 0;
    constexpr std::int64_t kMax = sizeof(T) < 8 ? static_cast<std::int64_t>(std::numeric_limits<T>::max()) : kSafe;
    return static_cast<T>(ToInteger(place, value, kMin, kMax));
  }
};

template <std::int64_t Min, std::int64_t Max>
struct Argument<Ranged<Min, Max>> {
  static Ranged<Min, Max> From(const Place& place, const Napi::Value& value) {
    return {ToInteger(place, value, Min, Max)};
  }
};

template <>
struct Argument<std::string> {
  static std::string From(const Place& place, const Napi::Value& value) { return ToCString(place, value); }
};

template <>
struct Argument<Bytes> {
  static Bytes From(const Place& place, const Napi::Value& value) { return ToBytes(place, value); }
};

template <>
struct Argument<CopiedBytes> {
  static CopiedBytes From(const Place& place, const Napi::Value& value) {
    const Bytes bytes = ToBytes(place, value);
    return bytes.size == 0 ? CopiedBytes() : CopiedBytes(bytes.data, bytes.data + bytes.size);
  }
};

template <typename T>
inline constexpr bool kIsHandle =
    std::is_pointer_v<T> && kKindOf<std::remove_const_t<std::remove_pointer_t<T>>> != Kind::kCount;

/// What keeps an argument alive during the call.
template <typename T>
struct Holder {
  using Type = T;
};
template <>
struct Holder<const char*> {
  using Type = std::string;
};
template <typename T>
  requires kIsHandle<T>
struct Holder<T> {
  using Type = std::remove_const_t<std::remove_pointer_t<T>>*;
};

}  // namespace sslctx
