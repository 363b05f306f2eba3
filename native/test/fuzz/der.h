// Mutations of DER that keep the lengths around it right: others end in libcrypto's first check.
#pragma once

#include "support.h"

namespace sslctx::fuzz {

/// A mutant of `data`, which has `size` bytes and room for `max`: of one field, or of all bytes where it is no DER.
std::size_t MutateDer(std::uint8_t* data, std::size_t size, std::size_t max, unsigned int seed);

}  // namespace sslctx::fuzz

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t max);
