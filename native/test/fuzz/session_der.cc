// DER of a session: SslSession.fromDER, stores, `resumeSession`, the command line.
#include "der.h"
#include "session_read.h"

using namespace sslctx;

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t max,
                                               unsigned int seed) {
  return fuzz::MutateDer(data, size, max, seed);
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (const OwnedSession session = SessionFromDer({data, size})) fuzz::Use(session.get());
  fuzz::Settle();
  return 0;
}
