#include "session_bulk.h"

#include <algorithm>
#include <climits>
#include <cstring>

#include "boxed.h"
#include "groups.h"
#include "session_read.h"
#include "session_time.h"

namespace sslctx {

namespace {

constexpr std::size_t kLengthSize = 4;

void PutLength(std::uint8_t* out, std::size_t length) {
  for (std::size_t i = 0; i < kLengthSize; ++i) {
    out[i] = static_cast<std::uint8_t>(length >> (8 * (kLengthSize - 1 - i)));
  }
}

std::size_t GetLength(const std::uint8_t* in) {
  std::size_t length = 0;
  for (std::size_t i = 0; i < kLengthSize; ++i) length = length << 8 | in[i];
  return length;
}

/// Says when the time of a slice is over; asks the clock for every sixteenth session only.
class Slice {
 public:
  explicit Slice(std::chrono::microseconds time) : end_(std::chrono::steady_clock::now() + time) {}
  bool Over() { return (++count_ & 15U) == 0 && std::chrono::steady_clock::now() >= end_; }

 private:
  std::chrono::steady_clock::time_point end_;
  unsigned int count_ = 0;
};

}  // namespace

SessionExport::SessionExport(const ContextState& state) : sessions_(AllCached(state)) {}

SessionExport::Written SessionExport::Next(std::span<std::uint8_t> out, std::int64_t now) {
  Written written;
  for (; next_ < sessions_.size(); ++next_) {
    const SSL_SESSION* const session = sessions_[next_].session.get();
    if (ExpiryOf(session) < now) {
      ++expired_;
    } else if (const int length = i2d_SSL_SESSION(session, nullptr); length <= 0) {
      ++skipped_;
    } else {
      const auto size = static_cast<std::size_t>(length);
      if (kLengthSize + size > out.size() - written.bytes) {
        if (written.bytes > 0) break;
        ++skipped_;
      } else {
        PutLength(out.data() + written.bytes, size);
        unsigned char* at = out.data() + written.bytes + kLengthSize;
        i2d_SSL_SESSION(session, &at);
        written.bytes += kLengthSize + size;
        ++written.sessions;
      }
    }
    sessions_[next_].session.reset();
  }
  return written;
}

bool SessionImport::Read(const ContextState& state, std::span<const std::uint8_t> bytes, std::int64_t now,
                         bool any_id_context) {
  Run run;
  while (!bytes.empty()) {
    if (bytes.size() < kLengthSize) return false;
    const std::size_t length = GetLength(bytes.data());
    if (length > bytes.size() - kLengthSize) return false;
    OwnedSession session = SessionFromDer(bytes.subspan(kLengthSize, length));
    bytes = bytes.subspan(kLengthSize + length);
    if (!session || MissingPartOf(session.get()) != nullptr) {
      ++counts_.unreadable;
      continue;
    }
    const std::int64_t expiry = ExpiryOf(session.get());
    if (expiry < now) {
      ++counts_.expired;
      continue;
    }
    unsigned int id_context_length = 0;
    const unsigned char* const id_context = SSL_SESSION_get0_id_context(session.get(), &id_context_length);
    if (!any_id_context &&
        !std::equal(id_context, id_context + id_context_length, state.id_context.begin(), state.id_context.end())) {
      ++counts_.other_id_context;
      continue;
    }
    run.push_back({expiry, std::move(session)});
  }
  if (run.empty()) return true;
  std::stable_sort(run.begin(), run.end(),
                   [](const Entry& left, const Entry& right) { return left.expiry > right.expiry; });
  counts_.staged += static_cast<std::uint32_t>(run.size());
  runs_.push_back(std::move(run));
  return true;
}

void SessionImport::Begin(const ContextState& state) {
  has_begun_ = true;
  for (std::size_t run = 0; run < runs_.size(); ++run) heads_.push({runs_[run].back().expiry, run});
  const long size = SSL_CTX_sess_get_cache_size(state.ctx);
  if (size == 0) return;
  // libssl keeps one less than the size, and at least one.
  const long room = std::max(0L, std::max(size - 1, 1L) - CountCached(state));
  if (counts_.staged > room) surplus_ = counts_.staged - static_cast<std::uint32_t>(room);
}

OwnedSession SessionImport::Take() {
  const std::size_t index = heads_.top().run;
  heads_.pop();
  Run& run = runs_[index];
  OwnedSession session = std::move(run.back().session);
  run.pop_back();
  if (run.empty()) {
    Run().swap(run);
  } else {
    heads_.push({run.back().expiry, index});
  }
  return session;
}

void SessionImport::AddOne(ContextState& state, OwnedSession session) {
  if (surplus_ > 0) {
    --surplus_;
    ++counts_.no_room;
    return;
  }
  // What is in the cache is not older than what was in it once.
  if (FindCached(state, session.get())) {
    ++counts_.duplicate;
    return;
  }
  // Nobody else knows this session, and whoever gets it from the cache learns whose it is.
  // 0: short of memory.
  if (AddToCache(state, session.get()) == 1) {
    ++counts_.added;
  } else {
    ++counts_.no_room;
  }
}

bool SessionImport::Add(ContextState& state, std::chrono::microseconds time) {
  if (!has_begun_) Begin(state);
  Slice slice(time);
  while (!heads_.empty()) {
    AddOne(state, Take());
    if (slice.Over()) break;
  }
  return heads_.empty();
}

bool SessionImport::Drop(std::chrono::microseconds time) {
  Slice slice(time);
  heads_ = {};
  has_begun_ = true;
  while (!runs_.empty()) {
    while (!runs_.back().empty()) {
      runs_.back().pop_back();
      if (slice.Over()) return false;
    }
    runs_.pop_back();
  }
  return true;
}

namespace {

using SliceTime = Ranged<1, 1'000'000>;

std::chrono::microseconds TimeArgument(const Call& call, std::size_t index) {
  return std::chrono::microseconds(call.Get<SliceTime>(index).value);
}

Napi::Value BeginExport(Call& call) {
  return Boxed<SessionExport>::New(call.env(),
                                   std::make_unique<SessionExport>(*ContextState::Of(call.Handle<SSL_CTX>(0))));
}

Napi::Value ExportNext(Call& call) {
  SessionExport& sessions = Boxed<SessionExport>::From(call, 0);
  const Bytes out = call.Get<Bytes>(1);
  const SessionExport::Written written = sessions.Next({out.data, out.size}, call.Get<Seconds>(2));
  ErrorQueue::ClearThread();
  Napi::Object result = Napi::Object::New(call.env());
  result.Set("bytes", static_cast<double>(written.bytes));
  result.Set("sessions", written.sessions);
  result.Set("skipped", sessions.skipped());
  result.Set("expired", sessions.expired());
  return result;
}

Napi::Value BeginImport(Call& call) { return Boxed<SessionImport>::New(call.env(), std::make_unique<SessionImport>()); }

Napi::Value ImportRead(Call& call) {
  SessionImport& sessions = Boxed<SessionImport>::From(call, 0);
  const ContextState& state = *ContextState::Of(call.Handle<SSL_CTX>(1));
  const Bytes bytes = call.Get<Bytes>(2);
  // The kind of id context goes with the time: four arguments are the most.
  const Napi::Object how = call[3].As<Napi::Object>();
  const Place place{call.env(), call.name(), 3};
  const std::int64_t now = Argument<Seconds>::From(place, how.Get("now"));
  const bool any_id_context = how.Get("anyIdContext").ToBoolean();
  const bool good = sessions.Read(state, {bytes.data, bytes.size}, now, any_id_context);
  ErrorQueue::ClearThread();
  return Napi::Boolean::New(call.env(), good);
}

Napi::Value ImportAdd(Call& call) {
  SessionImport& sessions = Boxed<SessionImport>::From(call, 0);
  SSL_CTX* const ctx = call.Handle<SSL_CTX>(1);
  const bool done = sessions.Add(*ContextState::Of(ctx), TimeArgument(call, 2));
  ErrorQueue::ClearThread();
  return Napi::Boolean::New(call.env(), done);
}

Napi::Value ImportDrop(Call& call) {
  return Napi::Boolean::New(call.env(), Boxed<SessionImport>::From(call, 0).Drop(TimeArgument(call, 1)));
}

Napi::Value ImportCounts(Call& call) {
  const SessionImport::Counts& counts = Boxed<SessionImport>::From(call, 0).counts();
  Napi::Object result = Napi::Object::New(call.env());
  result.Set("staged", counts.staged);
  result.Set("added", counts.added);
  result.Set("expired", counts.expired);
  result.Set("otherIdContext", counts.other_id_context);
  result.Set("unreadable", counts.unreadable);
  result.Set("duplicate", counts.duplicate);
  result.Set("noRoom", counts.no_room);
  return result;
}

constexpr Export kExports[] = {
    SSLCTX_BODY(beginExport, BeginExport),   SSLCTX_BODY(exportNext, ExportNext), SSLCTX_BODY(beginImport, BeginImport),
    SSLCTX_BODY(importRead, ImportRead),     SSLCTX_BODY(importAdd, ImportAdd),   SSLCTX_BODY(importDrop, ImportDrop),
    SSLCTX_BODY(importCounts, ImportCounts),
};

}  // namespace

std::span<const Export> SessionBulkExports() { return kExports; }

}  // namespace sslctx
