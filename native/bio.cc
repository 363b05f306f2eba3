// BIO: memory buffers and pairs of them.

#include <algorithm>
#include <vector>

#include "call.h"
#include "groups.h"

namespace sslctx {

namespace {

// JavaScript sees the method of a memory BIO as its name: it is the only one there is.
Napi::Value MemoryMethod(Call& call) { return Napi::String::New(call.env(), "BIO_s_mem"); }

Napi::Value New(Call& call) {
  if (call.Get<std::string>(0) != "BIO_s_mem") {
    ThrowTypeError(call.env(), "ERR_INVALID_ARG_VALUE", std::string(call.name()) + ": argument 1 must be BIO_s_mem()");
  }
  BIO* const bio = BIO_new(BIO_s_mem());
  if (bio == nullptr) return call.env().Null();
  return call.addon().handles.Own(call.env(), Kind::kBio, bio);
}

Napi::Value NewPair(Call& call) {
  using Size = Ranged<0, std::int64_t{64} * 1024 * 1024>;
  const auto size1 = static_cast<std::size_t>(call.Get<Size>(0));
  const auto size2 = static_cast<std::size_t>(call.Get<Size>(1));
  BIO* raw[2] = {nullptr, nullptr};
  if (BIO_new_bio_pair(&raw[0], size1, &raw[1], size2) != 1) return call.env().Null();
  OwnedBio bios[2] = {OwnedBio(raw[0]), OwnedBio(raw[1])};
  Napi::Array result = Napi::Array::New(call.env(), 2);
  for (std::uint32_t i = 0; i < 2; ++i) {
    result.Set(i, call.addon().handles.Own(call.env(), Kind::kBio, bios[i].release()));
  }
  return result;
}

// BIO_free tells 1 or 0, unlike the other functions of its kind.
Napi::Value FreeBio(Call& call) {
  call.addon().handles.Free(call.env(), call[0], Kind::kBio, call.name());
  return ToJs(call.env(), 1);
}

int LengthOf(Call& call, const Bytes& bytes) {
  if (bytes.size > INT32_MAX) ThrowRangeError(call.env(), std::string(call.name()) + ": at most 2147483647 bytes");
  return static_cast<int>(bytes.size);
}

Napi::Value Read(Call& call) {
  BIO* const bio = call.Handle<BIO>(0);
  const Bytes bytes = call.Get<Bytes>(1);
  return ToJs(call.env(), BIO_read(bio, bytes.data, LengthOf(call, bytes)));
}

Napi::Value Write(Call& call) {
  BIO* const bio = call.Handle<BIO>(0);
  const Bytes bytes = call.Get<Bytes>(1);
  // libssl copies the bytes at once; nothing runs in between.
  return ToJs(call.env(), BIO_write(bio, bytes.data, LengthOf(call, bytes)));
}

Napi::Value SetMemEofReturn(Call& call) {
  BIO* const bio = call.Handle<BIO>(0);
  const auto value = call.Get<Ranged<-1, 0>>(1);
  if (BIO_method_type(bio) == BIO_TYPE_MEM) BIO_set_mem_eof_return(bio, static_cast<long>(value.value));
  return ToJs(call.env(), BIO_method_type(bio) == BIO_TYPE_MEM ? 1 : 0);
}

constexpr Export kExports[] = {
    SSLCTX_BODY(BIO_s_mem, MemoryMethod),
    SSLCTX_BODY(BIO_new, New),
    SSLCTX_BODY(BIO_new_bio_pair, NewPair),
    SSLCTX_BODY(BIO_up_ref, UpRef<Kind::kBio>),
    SSLCTX_BODY(BIO_free, FreeBio),
    SSLCTX_BODY(BIO_read, Read),
    SSLCTX_BODY(BIO_write, Write),
    SSLCTX_PLAIN(BIO_ctrl_pending),
    SSLCTX_PLAIN(BIO_ctrl_wpending),
    SSLCTX_PLAIN(BIO_ctrl_get_write_guarantee),
    SSLCTX_LAMBDA(BIO_eof, [](BIO* bio) -> int { return BIO_eof(bio); }),
    SSLCTX_LAMBDA(BIO_should_retry, [](BIO* bio) -> int { return BIO_should_retry(bio); }),
    SSLCTX_LAMBDA(BIO_shutdown_wr, [](BIO* bio) -> int { return static_cast<int>(BIO_shutdown_wr(bio)); }),
    SSLCTX_BODY(BIO_set_mem_eof_return, SetMemEofReturn),
};

}  // namespace

std::span<const Export> BioExports() { return kExports; }

}  // namespace sslctx
