// What a channel does in its turn of the loop: connect, handshake, plaintext, and telling JavaScript of it.

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "../callbacks.h"
#include "channel_parts.h"
#include "listener.h"

namespace sslctx {

namespace {

/// Plaintext for JavaScript in one turn of the loop.
constexpr std::size_t kMaxPump = std::size_t{256} * 1024;

/// Beside the bits of Resumption::Conclude, for src/net/socket.ts.
constexpr std::uint32_t kIsEarly = 1U << 16;

void OnMessageRead(int is_sent, int, int type, const void* bytes, std::size_t length, SSL* ssl, void*) noexcept {
  if (is_sent != 0 || type != SSL3_RT_HANDSHAKE || length == 0) return;
  Channel* const channel = SslState::Of(ssl).channel;
  if (channel != nullptr) channel->OnMessage(ssl, *static_cast<const std::uint8_t*>(bytes));
}

}  // namespace

void Channel::Run(Call& call) noexcept {
  sync_writes_ = 0;
  call.Guard([&] { is_lingering_ ? DiscardInput() : Step(call); });
  if (napi_ref object = object_; object != nullptr) napi_reference_unref(call.env(), object, nullptr);
}

void Channel::RunLater() {
  if (queued) return;
  if (napi_ref object = object_; object != nullptr) napi_reference_ref(reactor_.addon().env(), object, nullptr);
  reactor_.Enqueue(shared_from_this());
}

void Channel::TimeOut() {
  if (!handshaking()) return;
  // libuv's timers come before what has arrived, which may be all that was missing after the process was busy for long.
  is_overdue_ = true;
  // The event that tells of it may come in a later turn than this one.
  is_drained_ = false;
  RunLater();
}

void Channel::Step(Call& call) {
  if (phase_ == Phase::kClosed || in_step_) return;
  const std::shared_ptr<Channel> self = shared_from_this();
  if (owes_fin_) {
    owes_fin_ = false;
    shutdown(fd_, SHUT_WR);
  }
  in_step_ = true;
  if (phase_ == Phase::kConnecting) FinishConnect(call);
  while (phase_ == Phase::kHandshake && !waits_for_hello_ && error_ == 0) {
    if (!Handshake(call)) break;
  }
  if (is_overdue_ && handshaking() && error_ == 0) {
    error_ = ETIMEDOUT;
    syscall_ = "handshake";
  }
  ContinueWrite(call);
  if (phase_ == Phase::kOpen) Pump(call);
  if (phase_ == Phase::kOpen) ContinueShutdown(call);
  if (phase_ == Phase::kOpen && renegotiating_ && SSL_in_init(ssl_.get()) == 0 &&
      SSL_renegotiate_pending(ssl_.get()) == 0) {
    renegotiating_ = false;
    Tell(call, Event::kRenegotiated);
  }
  in_step_ = false;
  if (phase_ == Phase::kClosed) return;
  if (std::exchange(is_throttled_, false)) RunLater();
  Flush(call);
  if (error_ != 0) TellSystemError(call);
  TellDrained(call);
  FreeBuffers();
  UpdatePoll();
}

void Channel::FinishConnect(Call& call) {
  socklen_t length = sizeof error_;
  if (getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error_, &length) != 0) error_ = errno;
  if (error_ != 0) {
    syscall_ = "connect";
    return;
  }
  // Reported for the connection attempt's own sake, before it has ended.
  sockaddr_storage peer{};
  length = sizeof peer;
  if (getpeername(fd_, reinterpret_cast<sockaddr*>(&peer), &length) != 0) return;
  BeginHandshake();
  Tell(call, Event::kConnected);
}

/// Whether the handshake may go on: false when it waits, has failed, or when there is data to read before its end.
bool Channel::HandleEarlyData(Call& call) {
  if (options_.is_server) {
    if (SSL_get_max_early_data(ssl_.get()) == 0) return true;
    std::uint8_t data[4096];
    std::size_t length = 0;
    int status = SSL_READ_EARLY_DATA_ERROR;
    const Outcome outcome = Perform([&](SSL* ssl) {
      status = SSL_read_early_data(ssl, data, sizeof data, &length);
      return status == SSL_READ_EARLY_DATA_ERROR ? -1 : 1;
    });
    if (status == SSL_READ_EARLY_DATA_FINISH) return true;
    if (status == SSL_READ_EARLY_DATA_SUCCESS) {
      early_in_.assign(data, data + length);
      early_ = Early::kReading;
    } else if (outcome == Outcome::kFailed) {
      Fail(call);
    }
    return false;
  }
  if (early_out_.empty()) return true;
  std::size_t written = 0;
  const Outcome outcome =
      Perform([&](SSL* ssl) { return SSL_write_early_data(ssl, early_out_.data(), early_out_.size(), &written); });
  if (outcome == Outcome::kFailed) Fail(call);
  return outcome == Outcome::kDone;
}

/// What the peer sent before the end of the handshake, and that end. kDone: `filled` bytes, or nothing is early any
/// more.
Channel::Outcome Channel::ReadEarly(std::uint8_t* data, std::size_t size, std::size_t* filled) {
  *filled = 0;
  if (!early_in_.empty()) {
    *filled = std::min(size, early_in_.size());
    std::memcpy(data, early_in_.data(), *filled);
    early_in_.erase(early_in_.begin(), early_in_.begin() + static_cast<std::ptrdiff_t>(*filled));
    return Outcome::kDone;
  }
  if (early_ == Early::kReading) {
    int status = SSL_READ_EARLY_DATA_ERROR;
    const Outcome outcome = Perform([&](SSL* ssl) {
      status = SSL_read_early_data(ssl, data, size, filled);
      return status == SSL_READ_EARLY_DATA_ERROR ? -1 : 1;
    });
    if (status != SSL_READ_EARLY_DATA_FINISH) return outcome;
    early_ = Early::kFinishing;
  }
  const Outcome outcome = Perform(SSL_do_handshake);
  if (outcome == Outcome::kDone) {
    early_ = Early::kNone;
    tells_confirmed_ = true;
  }
  return outcome;
}

/// What the server did not take early comes first now.
void Channel::RepeatEarlyData(Call& call) {
  if (early_out_.empty()) return;
  std::vector<std::uint8_t> data;
  data.swap(early_out_);
  if (SSL_get_early_data_status(ssl_.get()) == SSL_EARLY_DATA_ACCEPTED) return;
  WriteSome(call, ToJs(call.env(), data.data(), data.size()), 0);
}

/// Returns whether it can go on at once.
bool Channel::Handshake(Call& call) {
  Outcome outcome = Outcome::kWaits;
  if (!early_done_) early_done_ = HandleEarlyData(call);
  if (phase_ != Phase::kHandshake) return false;
  if (early_ != Early::kNone) {
    outcome = Outcome::kDone;
  } else if (early_done_) {
    outcome = Perform(SSL_do_handshake);
  }
  TellMore(call);
  if (phase_ != Phase::kHandshake) return false;
  switch (outcome) {
    case Outcome::kDone: {
      phase_ = Phase::kOpen;
      // Not before: what follows the handshake is counted.
      SSL_set_msg_callback(ssl_.get(), OnMessageRead);
      HandOver();
      RepeatEarlyData(call);
      if (phase_ != Phase::kOpen) return false;
      std::uint32_t facts = options_.is_server ? resumption_.Conclude(ssl_.get(), true) : 0;
      if (early_ != Early::kNone) facts |= kIsEarly;
      Tell(call, Event::kSecure, Napi::Number::New(call.env(), facts));
      break;
    }
    case Outcome::kWaits:
      if (!waits_for_hello_ || !hello_) break;
      TellHello(call);
      // Answered already, perhaps.
      return !waits_for_hello_;
    default:
      Fail(call);
  }
  return false;
}

void Channel::TellHello(Call& call) {
  const Napi::Env env = call.env();
  const auto to_buffer = [&](const std::vector<std::uint8_t>& bytes) { return ToJs(env, bytes.data(), bytes.size()); };
  const std::unique_ptr<Hello> hello = std::move(hello_);
  Napi::Object info = Napi::Object::New(env);
  info.Set("servername", Napi::String::New(env, hello->servername));
  info.Set("alpn", to_buffer(hello->alpn));
  info.Set("requestsOcsp", Napi::Boolean::New(env, hello->wants_ocsp));
  Napi::Array ids = Napi::Array::New(env);
  for (std::uint32_t i = 0; i < hello->ids.size(); ++i) ids.Set(i, to_buffer(hello->ids[i]));
  info.Set("sessionIds", ids);
  Tell(call, Event::kHello, info);
}

/// The channel's own as long as JavaScript has not given its memory away, such as to another thread.
Reactor::Room Channel::Room(Call& call) {
  if (!room_.IsEmpty()) {
    Napi::Uint8Array own = room_.Value();
    if (!own.IsEmpty() && own.ByteLength() > 0) return {own.Data(), std::min(own.ByteLength(), kMaxPump), 0, true};
  }
  return reactor_.PlaintextRoom(call);
}

void Channel::Pump(Call& call) {
  // The end of a handshake came with nothing behind it: libssl need not ask to learn that.
  const bool may_have_more = fd_ < 0 || !is_drained_ || is_eof_ || in_at_ < in_.size();
  if (!may_have_more && early_ == Early::kNone && SSL_has_pending(ssl_.get()) == 0) return;
  std::size_t total = 0;
  while (phase_ == Phase::kOpen && wants_data_ && !has_ended_) {
    const Reactor::Room room = Room(call);
    std::size_t filled = 0;
    Outcome outcome = Outcome::kDone;
    while (filled < room.size && outcome == Outcome::kDone) {
      if (early_ != Early::kNone) {
        std::size_t early = 0;
        outcome = ReadEarly(room.data + filled, room.size - filled, &early);
        filled += early;
        continue;
      }
      int count = 0;
      outcome = Perform([&](SSL* ssl) {
        count = SSL_read(ssl, room.data + filled, static_cast<int>(room.size - filled));
        return count;
      });
      if (outcome == Outcome::kDone) filled += static_cast<std::size_t>(count);
    }
    if (!room.is_own) reactor_.UsedRoom(filled);
    plaintext_read_ += filled;
    // JavaScript that is told something else before may have another channel read into the same room.
    const bool is_told_first = !tells_confirmed_ && sessions_.empty() && keys_.empty();
    napi_value copy = nullptr;
    if (filled > 0 && !is_told_first) copy = ToJs(call.env(), room.data, filled);
    if (tells_confirmed_) {
      tells_confirmed_ = false;
      Tell(call, Event::kConfirmed);
      if (phase_ != Phase::kOpen) return;
    }
    TellMore(call);
    if (phase_ != Phase::kOpen) return;
    if (filled > 0) {
      wants_data_ = false;
      const napi_value length = Napi::Number::New(call.env(), static_cast<double>(filled));
      Napi::Value more;
      if (copy != nullptr) {
        more = Tell(call, Event::kData, copy);
      } else if (room.is_own) {
        more = Tell(call, Event::kFilled, length);
      } else {
        more = Tell(call, Event::kData, Napi::Number::New(call.env(), static_cast<double>(room.offset)), length);
      }
      wants_data_ = wants_data_ || more.ToBoolean();
      if (phase_ != Phase::kOpen) return;
      total += filled;
    }
    if (outcome == Outcome::kFailed) {
      Fail(call);
    } else if (outcome == Outcome::kEnded) {
      has_ended_ = true;
      Tell(call, Event::kEnd, Napi::Boolean::New(call.env(), false));
    } else if (outcome == Outcome::kWaits) {
      if (is_eof_ && error_ == 0 && !is_throttled_) DeliverEnd(call);
      return;
    } else if (total >= kMaxPump) {
      RunLater();
      return;
    }
  }
}

// libssl is not told of an end without close_notify unless it is an error: it would drop the session, and many peers
// never send one.
void Channel::DeliverEnd(Call& call) {
  const bool is_enough = !options_.requires_close_notify || (SSL_get_shutdown(ssl_.get()) & SSL_SENT_SHUTDOWN) != 0;
  if (is_enough) {
    has_ended_ = true;
    Tell(call, Event::kEnd, Napi::Boolean::New(call.env(), true));
    return;
  }
  char byte = 0;
  options_.requires_close_notify = false;
  phase_ = Phase::kHandshake;  // in which the end is told to libssl
  const Outcome outcome = Perform([&](SSL* ssl) { return SSL_read(ssl, &byte, 1); });
  phase_ = Phase::kOpen;
  if (outcome != Outcome::kDone) Fail(call);
}

void Channel::HandOver() {
  if (is_handed_over_) return;
  is_handed_over_ = true;
  if (const std::shared_ptr<Listener> listener = reactor_.FindListener(options_.owner)) listener->HandOver(id_);
}

void Channel::Fail(Call& call) {
  if (phase_ == Phase::kFailed || phase_ == Phase::kClosed) return;
  const bool was_handshaking = phase_ == Phase::kHandshake;
  phase_ = Phase::kFailed;
  ErrorQueue& errors = reactor_.addon().errors;
  errors.Clear();
  errors.Collect();
  if (error_ != 0) {
    phase_ = was_handshaking ? Phase::kHandshake : Phase::kOpen;
    return;
  }
  const std::uint32_t facts = options_.is_server && was_handshaking ? resumption_.Conclude(ssl_.get(), false) : 0;
  HandOver();
  Tell(call, Event::kFailed, Napi::Number::New(call.env(), facts), Napi::Boolean::New(call.env(), was_handshaking));
}

void Channel::TellSystemError(Call& call) {
  if (phase_ == Phase::kFailed || phase_ == Phase::kClosed) return;
  const int error = error_;
  if (phase_ == Phase::kConnecting) {
    // There may be another address to try.
    watch_.Close();
    close(fd_);
    fd_ = -1;
    error_ = 0;
    phase_ = Phase::kNew;
  } else {
    phase_ = Phase::kFailed;
    UpdatePoll();
  }
  HandOver();
  Tell(call, Event::kSystemError, Napi::Number::New(call.env(), error), Napi::String::New(call.env(), syscall_));
}

void Channel::TellMore(Call& call) {
  if (sessions_.empty() && keys_.empty()) return;
  reactor_.EnterJavaScript();
  const Napi::Env env = call.env();
  std::vector<NewSession> sessions;
  std::vector<std::string> keys;
  sessions.swap(sessions_);
  keys.swap(keys_);
  for (const std::string& line : keys) {
    if (phase_ == Phase::kClosed) return;
    const Napi::HandleScope scope(env);
    Tell(call, Event::kKeylog, ToJs(env, line.data(), line.size()));
  }
  for (NewSession& made : sessions) {
    if (phase_ == Phase::kClosed) return;
    const Napi::HandleScope scope(env);
    const std::uint64_t home = ClaimFromConnection(ssl_.get(), made.session.get());
    const Napi::Value session = reactor_.addon().handles.OwnSession(env, made.session.release(), home);
    if (made.context_listens) TellContext(call, ssl_.get(), session);
    if (options_.tells_sessions && phase_ != Phase::kClosed) Tell(call, Event::kSession, session);
  }
}

void Channel::TellDrained(Call& call) {
  if (!tells_drained_ || phase_ != Phase::kOpen || !pending_.IsEmpty() || HasOutput()) return;
  const bool is_closing = shutdown_asked_ && (SSL_get_shutdown(ssl_.get()) & SSL_SENT_SHUTDOWN) == 0;
  if (is_closing) return;
  tells_drained_ = false;
  Tell(call, Event::kDrained);
}

}  // namespace sslctx
