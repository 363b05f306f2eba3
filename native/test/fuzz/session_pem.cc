// PEM of a session: SslSession.fromPEM, session files.
#include <algorithm>
#include <cstring>

#include "der.h"
#include "session_read.h"

using namespace sslctx;

namespace {

OwnedBio BioOf(fuzz::ByteView bytes) {
  OwnedBio bio(BIO_new(BIO_s_mem()));
  SSLCTX_CLAIM(bio != nullptr);
  if (!bytes.empty()) SSLCTX_CLAIM(BIO_write(bio.get(), bytes.data(), static_cast<int>(bytes.size())) > 0);
  return bio;
}

}  // namespace

/// Mutates the DER inside of the PEM as often as the text.
extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t max,
                                               unsigned int seed) {
  const OwnedSession session = seed % 2 == 0 ? nullptr : SessionFromPem(BioOf({data, size}).get());
  ERR_clear_error();
  if (!session) return LLVMFuzzerMutate(data, size, max);
  fuzz::Bytes der = fuzz::DerOf(session.get());
  const std::size_t length = der.size();
  der.resize(length + 128);
  der.resize(fuzz::MutateDer(der.data(), length, der.size(), seed / 2));
  const OwnedBio out = BioOf({});
  PEM_write_bio(out.get(), PEM_STRING_SSL_SESSION, "", der.data(), static_cast<long>(der.size()));
  char* text = nullptr;
  const long count = BIO_get_mem_data(out.get(), &text);
  if (count <= 0 || static_cast<std::size_t>(count) > max) return LLVMFuzzerMutate(data, size, max);
  std::memcpy(data, text, static_cast<std::size_t>(count));
  return static_cast<std::size_t>(count);
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const OwnedBio bio = BioOf({data, size});
  // A file may hold several.
  while (const OwnedSession session = SessionFromPem(bio.get())) fuzz::Use(session.get());
  fuzz::Settle();
  return 0;
}
