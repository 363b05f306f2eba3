// What loadSessions reads, behind the encryption of the file: sessions, each behind its length.
#include <algorithm>
#include <ctime>
#include <random>

#include "der.h"
#include "session_bulk.h"

using namespace sslctx;

namespace {

constexpr std::size_t kLengthSize = 4;
constexpr std::chrono::microseconds kLong{1'000'000};

std::size_t LengthAt(const std::uint8_t* at) {
  return static_cast<std::size_t>(at[0]) << 24 | static_cast<std::size_t>(at[1]) << 16 |
         static_cast<std::size_t>(at[2]) << 8 | at[3];
}

void PutLength(std::uint8_t* at, std::size_t length) {
  for (int i = 0; i < 4; ++i) at[i] = static_cast<std::uint8_t>(length >> (8 * (3 - i)));
}

}  // namespace

/// One of the sessions, its length made right.
extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t max,
                                               unsigned int seed) {
  std::mt19937 random(seed);
  std::vector<std::size_t> starts;
  for (std::size_t at = 0; at + kLengthSize <= size;) {
    const std::size_t length = LengthAt(data + at);
    if (length > size - at - kLengthSize) break;
    starts.push_back(at);
    at += kLengthSize + length;
  }
  if (starts.empty() || random() % 4 == 0) return LLVMFuzzerMutate(data, size, max);
  const std::size_t at = starts[random() % starts.size()];
  const std::size_t length = LengthAt(data + at);
  fuzz::Bytes der(data + at + kLengthSize, data + at + kLengthSize + length);
  der.resize(length + 64);
  der.resize(fuzz::MutateDer(der.data(), length, der.size(), random()));
  fuzz::Bytes out(data, data + at + kLengthSize);
  PutLength(out.data() + at, der.size());
  out.insert(out.end(), der.begin(), der.end());
  out.insert(out.end(), data + at + kLengthSize + length, data + size);
  if (out.size() > max) return LLVMFuzzerMutate(data, size, max);
  std::copy(out.begin(), out.end(), data);
  return out.size();
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const fuzz::OwnedContext ctx = fuzz::NewContext(TLS_server_method());
  // Small, so that a few sessions are too many.
  SSL_CTX_sess_set_cache_size(ctx.get(), 5);
  ContextState& state = *ContextState::Of(ctx.get());
  const std::int64_t now = std::time(nullptr);
  SessionImport import;
  const bool is_whole = import.Read(state, {data, size}, now, size % 2 == 0);
  // What loadSessions does with a file of another kind.
  if (!is_whole) SSLCTX_CLAIM(import.Drop(kLong));
  while (!import.Add(state, kLong)) {
  }
  const SessionImport::Counts& counts = import.counts();
  const long cached = SSL_CTX_sess_number(ctx.get());
  SSLCTX_CLAIM(!is_whole || counts.staged == counts.added + counts.duplicate + counts.no_room);
  SSLCTX_CLAIM(cached <= 5 && static_cast<std::uint32_t>(cached) == counts.added);
  fuzz::Observe(std::min(counts.added, 7U) | std::min(counts.duplicate, 3U) << 3 | std::min(counts.no_room, 3U) << 5 |
                std::min(counts.expired, 3U) << 7 | std::min(counts.unreadable, 3U) << 9 |
                std::min(counts.other_id_context, 3U) << 11);

  // What was added goes out, and comes in again.
  SessionExport sessions(state);
  fuzz::Bytes out(size + 65536);
  const SessionExport::Written written = sessions.Next(out, now);
  SSLCTX_CLAIM(sessions.skipped() == 0 && sessions.expired() == 0 && written.sessions == counts.added);
  const fuzz::OwnedContext other = fuzz::NewContext(TLS_server_method());
  ContextState& other_state = *ContextState::Of(other.get());
  SessionImport again;
  SSLCTX_CLAIM(again.Read(other_state, {out.data(), written.bytes}, now, true));
  SSLCTX_CLAIM(again.Add(other_state, kLong) || again.Add(other_state, kLong));
  SSLCTX_CLAIM(again.counts().added == counts.added);
  fuzz::Settle();
  return 0;
}
