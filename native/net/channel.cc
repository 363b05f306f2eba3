#include "channel.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "../callbacks.h"
#include "listener.h"

namespace sslctx {

namespace {

/// Plaintext for one call of SSL_write, and ciphertext for one call of the kernel.
constexpr std::size_t kSlice = std::size_t{64} * 1024;
/// Plaintext for JavaScript in one turn of the loop.
constexpr std::size_t kMaxPump = std::size_t{256} * 1024;
/// Writes that end at once, in one turn of the loop: a writer that never waits would never let the loop go on.
constexpr std::uint8_t kMaxSyncWrites = 16;
/// As Node: a client that renegotiates over and over is an attack.
constexpr std::uint8_t kMaxRenegotiations = 3;

/// Beside the bits of Resumption::Conclude, for src/net/socket.ts.
constexpr std::uint32_t kIsEarly = 1U << 16;

int OnCertificate(SSL* ssl, void*) noexcept {
  if (Channel* const channel = SslState::Of(ssl).channel) channel->resumption().OnFullHandshake(ssl);
  return 1;
}

}  // namespace

struct Channel::Hello {
  std::string servername;
  std::vector<std::uint8_t> alpn;
  std::vector<std::vector<std::uint8_t>> ids;
  bool wants_ocsp;
};

Channel::Channel(Reactor& reactor, int fd, const ChannelOptions& options)
    : reactor_(reactor), options_(options), fd_(fd) {}

Channel::~Channel() {
  watch_.Close();
  if (fd_ >= 0) close(fd_);
}

std::shared_ptr<Channel> Channel::New(Reactor& reactor, SSL_CTX* ctx, int fd, const ChannelOptions& options) {
  const std::shared_ptr<Channel> channel(new Channel(reactor, fd, options));
  channel->MakeSsl(ctx);
  if (fd >= 0 && channel->Observe() != 0) throw std::runtime_error("the socket cannot be watched");
  channel->id_ = reactor.Add(channel);
  return channel;
}

int Channel::Observe() {
  return watch_.Open(
      reactor_.watches(), fd_,
      [](void* data, bool readable, bool) {
        auto* const self = static_cast<Channel*>(data);
        if (readable) self->is_drained_ = false;
        self->RunLater();
      },
      this);
}

int Channel::ConnectWith(int fd) {
  fd_ = fd;
  if (const int error = Observe(); error != 0) return -error;
  phase_ = Phase::kConnecting;
  UpdatePoll();
  return 0;
}

void Channel::MakeSsl(SSL_CTX* ctx) {
  std::string label;
  if (ssl_) {
    label = std::move(SslState::Of(ssl_.get()).ticket_label);
    SslState::Of(ssl_.get()).channel = nullptr;
    DetachTransport(SSL_get_rbio(ssl_.get()));
  }
  ErrorQueue::ClearThread();
  ssl_.reset(SSL_new(ctx));
  if (!ssl_) throw std::bad_alloc();
  SSL* const ssl = ssl_.get();
  SslState::Attach(ssl, reactor_.addon(), nullptr, ctx);
  SslState& state = SslState::Of(ssl);
  state.channel = this;
  state.ticket_label = std::move(label);
  state.accepts = options_.is_server;
  BIO* const bio = NewTransportBio(this).release();
  SSL_set_bio(ssl, bio, bio);
  // One read of the kernel's for as much as there is, in place of two for each record.
  SSL_set_read_ahead(ssl, 1);
  if (!options_.is_server) {
    SSL_set_connect_state(ssl);
    return;
  }
  SSL_set_accept_state(ssl);
  // Another context may take early data where the first did not.
  early_done_ = false;
  SSL_set_cert_cb(ssl, OnCertificate, nullptr);
  if (options_.defers_tickets && SSL_get_num_tickets(ssl) > 0) {
    tickets_owed_ = true;
    SSL_set_num_tickets(ssl, 0);
  }
}

// ---- What JavaScript asks for ----

void Channel::Start() {
  if (phase_ != Phase::kNew) return;
  phase_ = Phase::kHandshake;
  // A client speaks first; a server waits for it.
  if (!options_.is_server) RunLater();
  UpdatePoll();
}

void Channel::WantData(bool on) {
  wants_data_ = on;
  if (on && phase_ == Phase::kOpen && !in_step_) {
    // libssl may hold some already, of which no event tells.
    is_drained_ = false;
    RunLater();
  } else if (!in_step_) {
    UpdatePoll();
  }
}

// libssl's own way, SSL_MODE_RELEASE_BUFFERS, would allocate and free them for each record.
void Channel::FreeBuffers() {
  if (phase_ == Phase::kOpen && early_ == Early::kNone) SSL_free_buffers(ssl_.get());
}

/// Encrypts `chunk` from `at` on. Returns how far it has come.
std::size_t Channel::WriteSome(Call& call, const Napi::Value& chunk, std::size_t at) {
  Bytes bytes = ToBytes({call.env(), "write", 1}, chunk);
  const std::size_t length = bytes.size;
  if (tickets_owed_ && early_ == Early::kNone && SSL_version(ssl_.get()) == TLS1_3_VERSION) {
    for (std::size_t left = SSL_CTX_get_num_tickets(SSL_get_SSL_CTX(ssl_.get())); left > 0; --left) {
      SSL_new_session_ticket(ssl_.get());
    }
  }
  tickets_owed_ = tickets_owed_ && early_ != Early::kNone;
  write_waits_for_read_ = false;
  while (at < length && phase_ == Phase::kOpen) {
    if (out_at_ < out_.size()) {
      Flush(call);
      if (out_at_ < out_.size() || phase_ != Phase::kOpen) break;
    }
    // A stream that takes ciphertext is JavaScript, which may have taken the bytes away; libssl calls none.
    if (fd_ < 0) bytes = ToBytes({call.env(), "write", 1}, chunk);
    if (bytes.size < length) {
      error_ = EFAULT;
      syscall_ = "write";
      RunLater();
      break;
    }
    const std::size_t slice = std::min(length - at, kSlice);
    const Outcome outcome = Perform(call, [&](SSL* ssl) {
      std::size_t written = 0;
      // To a client that has not ended its handshake yet.
      if (early_ == Early::kReading) return SSL_write_early_data(ssl, bytes.data + at, slice, &written);
      return SSL_write(ssl, bytes.data + at, static_cast<int>(slice));
    });
    if (outcome == Outcome::kDone) {
      at += slice;
      if (reactor_.scratch.size() >= kSlice) Flush(call);
    } else {
      // A renegotiation: the same bytes again, when the peer has gone on with it.
      write_waits_for_read_ = outcome == Outcome::kWaits;
      if (outcome != Outcome::kWaits) Fail(call);
      break;
    }
  }
  return at;
}

bool Channel::Write(Call& call, napi_value value) {
  const Napi::Value chunk(call.env(), value);
  const Bytes bytes = ToBytes({call.env(), call.name(), 1}, chunk);
  std::size_t taken = 0;
  if (phase_ == Phase::kFailed || phase_ == Phase::kClosed) return true;
  if (phase_ == Phase::kOpen && pending_.IsEmpty()) taken = WriteSome(call, chunk, 0);
  if (phase_ == Phase::kFailed || phase_ == Phase::kClosed) return true;
  if (taken < bytes.size) {
    pending_ = Napi::Persistent(chunk.As<Napi::Object>());
    pending_at_ = taken;
    pending_size_ = bytes.size;
    tells_drained_ = true;
    if (!in_step_) {
      Flush(call);
      UpdatePoll();
    }
    return false;
  }
  return Settle(call);
}

/// Whether all is on its way; otherwise kDrained follows.
bool Channel::Settle(Call& call) {
  // Inside of a step, its end sends what has been written in it together.
  if (in_step_ && reactor_.scratch_owner == this) return true;
  if (!in_step_) {
    Flush(call);
    FreeBuffers();
  }
  TellMore(call);
  if (phase_ == Phase::kFailed || phase_ == Phase::kClosed) return true;
  const bool must_pause = fd_ >= 0 && ++sync_writes_ >= kMaxSyncWrites;
  if (!HasOutput() && !must_pause) return true;
  tells_drained_ = true;
  if (must_pause) RunLater();
  UpdatePoll();
  return false;
}

void Channel::ContinueWrite(Call& call) {
  if (pending_.IsEmpty() || phase_ != Phase::kOpen) return;
  reactor_.EnterJavaScript();
  const Napi::HandleScope scope(call.env());
  const Napi::Value chunk = pending_.Value();
  const Bytes bytes = ToBytes({call.env(), "write", 1}, chunk);
  // Somebody has detached or resized the buffer in the meantime.
  if (bytes.size != pending_size_) {
    error_ = EFAULT;
    syscall_ = "write";
    return;
  }
  pending_at_ = WriteSome(call, chunk, pending_at_);
  if (pending_at_ >= bytes.size) pending_.Reset();
}

bool Channel::Shutdown(Call& call) {
  shutdown_asked_ = true;
  if (phase_ == Phase::kFailed || phase_ == Phase::kClosed) return true;
  ContinueShutdown(call);
  if (phase_ == Phase::kFailed || phase_ == Phase::kClosed) return true;
  if (!in_step_) Flush(call);
  // In a step, what a stream of JavaScript's is to carry is told at its end.
  const bool is_said = !HasOutput() && (SSL_get_shutdown(ssl_.get()) & SSL_SENT_SHUTDOWN) != 0;
  const bool is_sent = write_side_ended_ || (fd_ < 0 && is_said);
  if (!is_sent) tells_drained_ = true;
  if (!in_step_) UpdatePoll();
  return is_sent;
}

void Channel::ContinueShutdown(Call& call) {
  SSL* const ssl = ssl_.get();
  if (!shutdown_asked_ || phase_ != Phase::kOpen || !pending_.IsEmpty() || SSL_in_init(ssl) != 0) return;
  if ((SSL_get_shutdown(ssl) & SSL_SENT_SHUTDOWN) != 0) return;
  // 0 only says that the peer has not done so yet.
  const Outcome outcome = Perform(call, [](SSL* target) { return SSL_shutdown(target) < 0 ? -1 : 1; });
  if (outcome == Outcome::kFailed) Fail(call);
}

void Channel::Input(Call& call, const std::uint8_t* data, std::size_t length, bool is_end) {
  if (in_at_ == in_.size()) {
    in_.clear();
    in_at_ = 0;
  }
  in_.insert(in_.end(), data, data + length);
  bytes_read_ += length;
  is_eof_ = is_eof_ || is_end;
  if (!in_step_) Step(call);
}

void Channel::Renegotiate(Call& call) {
  if (phase_ != Phase::kOpen) return;
  renegotiating_ = true;
  if (Perform(call, SSL_renegotiate) != Outcome::kDone || Perform(call, SSL_do_handshake) == Outcome::kFailed) {
    Fail(call);
    return;
  }
  if (!in_step_) Step(call);
}

bool Channel::IssueTicket() { return phase_ == Phase::kOpen && SSL_new_session_ticket(ssl_.get()) == 1; }

void Channel::Resume(const Answer& answer) {
  if (!waits_for_hello_ || phase_ != Phase::kHandshake) return;
  waits_for_hello_ = false;
  hello_answered_ = true;
  hello_.reset();
  answer_ = answer;
  if (answer.ctx != nullptr && answer.ctx != SslState::Of(ssl_.get()).session_ctx) {
    // libssl keeps cache, ticket keys and counters with the context that the connection was made with. Nothing has been
    // sent yet: so the connection is made anew, with the right one, and reads the same bytes again.
    recorded_.insert(recorded_.end(), in_.begin() + static_cast<std::ptrdiff_t>(in_at_), in_.end());
    in_ = std::move(recorded_);
    in_at_ = 0;
    MakeSsl(answer.ctx);
  }
  recorded_ = {};
  if (!in_step_) RunLater();
}

void Channel::Close(Call& call, bool is_clean) {
  if (phase_ == Phase::kClosed) return;
  const std::shared_ptr<Channel> self = shared_from_this();
  SSL* const ssl = ssl_.get();
  const bool can_say_goodbye = is_clean && phase_ == Phase::kOpen && pending_.IsEmpty() && SSL_in_init(ssl) == 0;
  if (can_say_goodbye && (SSL_get_shutdown(ssl) & SSL_SENT_SHUTDOWN) == 0) {
    Perform(call, [](SSL* target) { return SSL_shutdown(target) < 0 ? -1 : 1; });
  }
  if (phase_ != Phase::kClosed) Flush(call);
  if (phase_ == Phase::kClosed) return;
  const int said = SSL_get_shutdown(ssl_.get());
  const bool has_peer_ended = (said & SSL_RECEIVED_SHUTDOWN) != 0;
  // A peer that has said close_notify sends nothing any more that could be answered with a reset.
  const bool lingers = is_clean && fd_ >= 0 && !is_eof_ && error_ == 0 && out_at_ == out_.size() && !has_peer_ended &&
                       (said & SSL_SENT_SHUTDOWN) != 0;
  // The peer has said that its data is complete: how our side ends says nothing against the session.
  if (has_peer_ended) SSL_set_shutdown(ssl_.get(), said | SSL_SENT_SHUTDOWN);
  phase_ = Phase::kClosed;
  Release();
  if (const std::shared_ptr<Listener> listener = reactor_.FindListener(options_.owner)) {
    listener->HandOver(id_);
    listener->CountClosed();
  }
  if (lingers) {
    Linger();
  } else {
    // What has come unread would make the kernel send a reset after what was sent last: an alert perhaps.
    char bytes[4096];
    if (fd_ >= 0 && !is_eof_ && !(has_peer_ended && is_drained_)) static_cast<void>(recv(fd_, bytes, sizeof bytes, 0));
    Abandon();
    reactor_.Remove(id_);
  }
}

// When the peer sends to a closed socket, the kernel answers with a reset, and the peer loses what it has not read yet,
// close_notify included. So only our side is closed, and the descriptor when the peer has closed its own.
void Channel::Linger() {
  if (!write_side_ended_ || owes_fin_) shutdown(fd_, SHUT_WR);
  is_lingering_ = true;
  watch_.Ref(false);
  watch_.Want(true, false);
  reactor_.WatchLingering(id_);
}

void Channel::DiscardInput() {
  char bytes[16 * 1024];
  for (int count = 0; count < 16; ++count) {
    const ssize_t received = recv(fd_, bytes, sizeof bytes, 0);
    if (received < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) return;
    if (received > 0) continue;
    EndLingering();
    return;
  }
}

void Channel::EndLingering() {
  if (!is_lingering_) return;
  const std::shared_ptr<Channel> self = shared_from_this();
  is_lingering_ = false;
  Abandon();
  reactor_.Remove(id_);
}

void Channel::Abandon() {
  phase_ = Phase::kClosed;
  watch_.Close();
  if (fd_ >= 0) close(fd_);
  fd_ = -1;
  Release();
}

void Channel::Release() {
  if (reactor_.scratch_owner == this) {
    reactor_.scratch_owner = nullptr;
    reactor_.scratch.clear();
  }
  object_.Reset();
  pending_.Reset();
  sessions_.clear();
  if (ssl_) {
    SslState::Of(ssl_.get()).channel = nullptr;
    DetachTransport(SSL_get_rbio(ssl_.get()));
    ssl_.reset();
  }
  ErrorQueue::ClearThread();
}

// ---- What the loop asks for ----

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
  phase_ = Phase::kHandshake;
  Tell(call, Event::kConnected);
}

template <typename Operation>
Channel::Outcome Channel::Perform(Call&, Operation&& operation) {
  SSL* const ssl = ssl_.get();
  SslState& state = SslState::Of(ssl);
  ErrorQueue::ClearThread();
  ++state.busy;
  const int result = operation(ssl);
  --state.busy;
  if (result > 0) return Outcome::kDone;
  switch (SSL_get_error(ssl, result)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
    case SSL_ERROR_WANT_X509_LOOKUP:
    case SSL_ERROR_WANT_CLIENT_HELLO_CB:
      return Outcome::kWaits;
    case SSL_ERROR_ZERO_RETURN:
      return Outcome::kEnded;
    default:
      return Outcome::kFailed;
  }
}

/// Whether the handshake may go on: false when it waits, has failed, or when there is data to read before its end.
bool Channel::HandleEarlyData(Call& call) {
  if (options_.is_server) {
    if (SSL_get_max_early_data(ssl_.get()) == 0) return true;
    std::uint8_t data[4096];
    std::size_t length = 0;
    int status = SSL_READ_EARLY_DATA_ERROR;
    const Outcome outcome = Perform(call, [&](SSL* ssl) {
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
  const Outcome outcome = Perform(
      call, [&](SSL* ssl) { return SSL_write_early_data(ssl, early_out_.data(), early_out_.size(), &written); });
  if (outcome == Outcome::kFailed) Fail(call);
  return outcome == Outcome::kDone;
}

/// What the peer sent before the end of the handshake, and that end. kDone: `filled` bytes, or nothing is early any
/// more.
Channel::Outcome Channel::ReadEarly(Call& call, std::uint8_t* data, std::size_t size, std::size_t* filled) {
  *filled = 0;
  if (!early_in_.empty()) {
    *filled = std::min(size, early_in_.size());
    std::memcpy(data, early_in_.data(), *filled);
    early_in_.erase(early_in_.begin(), early_in_.begin() + static_cast<std::ptrdiff_t>(*filled));
    return Outcome::kDone;
  }
  if (early_ == Early::kReading) {
    int status = SSL_READ_EARLY_DATA_ERROR;
    const Outcome outcome = Perform(call, [&](SSL* ssl) {
      status = SSL_read_early_data(ssl, data, size, filled);
      return status == SSL_READ_EARLY_DATA_ERROR ? -1 : 1;
    });
    if (status != SSL_READ_EARLY_DATA_FINISH) return outcome;
    early_ = Early::kFinishing;
  }
  const Outcome outcome = Perform(call, SSL_do_handshake);
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
    outcome = Perform(call, SSL_do_handshake);
  }
  TellMore(call);
  if (phase_ != Phase::kHandshake) return false;
  switch (outcome) {
    case Outcome::kDone: {
      phase_ = Phase::kOpen;
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

void Channel::Pump(Call& call) {
  // The end of a handshake came with nothing behind it: libssl need not ask to learn that.
  const bool may_have_more = fd_ < 0 || !is_drained_ || is_eof_ || in_at_ < in_.size();
  if (!may_have_more && early_ == Early::kNone && SSL_has_pending(ssl_.get()) == 0) return;
  std::size_t total = 0;
  while (phase_ == Phase::kOpen && wants_data_ && !has_ended_) {
    const Reactor::Room room = reactor_.PlaintextRoom(call);
    std::size_t filled = 0;
    Outcome outcome = Outcome::kDone;
    while (filled < room.size && outcome == Outcome::kDone) {
      if (early_ != Early::kNone) {
        std::size_t early = 0;
        outcome = ReadEarly(call, room.data + filled, room.size - filled, &early);
        filled += early;
        continue;
      }
      int count = 0;
      outcome = Perform(call, [&](SSL* ssl) {
        count = SSL_read(ssl, room.data + filled, static_cast<int>(room.size - filled));
        return count;
      });
      if (outcome == Outcome::kDone) filled += static_cast<std::size_t>(count);
    }
    reactor_.UsedRoom(filled);
    napi_value first = Napi::Number::New(call.env(), static_cast<double>(room.offset));
    // JavaScript that is told something else before may have another channel read into the same room.
    const bool is_told_first = !tells_confirmed_ && sessions_.empty() && keys_.empty();
    if (filled > 0 && !is_told_first) first = ToJs(call.env(), room.data, filled);
    if (tells_confirmed_) {
      tells_confirmed_ = false;
      Tell(call, Event::kConfirmed);
      if (phase_ != Phase::kOpen) return;
    }
    TellMore(call);
    if (phase_ != Phase::kOpen) return;
    if (filled > 0) {
      wants_data_ = false;
      const Napi::Value more =
          Tell(call, Event::kData, first, Napi::Number::New(call.env(), static_cast<double>(filled)));
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
      if (is_eof_ && error_ == 0) DeliverEnd(call);
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
  const Outcome outcome = Perform(call, [&](SSL* ssl) { return SSL_read(ssl, &byte, 1); });
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

// ---- Ciphertext ----

int Channel::ReadCiphertext(char* data, int length) noexcept {
  const auto room = static_cast<std::size_t>(length);
  const bool tells_end = phase_ != Phase::kOpen;
  const bool records = options_.pauses_at_hello && !hello_answered_;
  int count = 0;
  if (in_at_ < in_.size()) {
    const std::size_t taken = std::min(room, in_.size() - in_at_);
    std::memcpy(data, in_.data() + in_at_, taken);
    in_at_ += taken;
    count = static_cast<int>(taken);
    if (in_at_ == in_.size()) {
      in_ = {};
      in_at_ = 0;
    }
  } else if (fd_ < 0 || is_drained_ || is_eof_ || error_ != 0) {
    return is_eof_ && tells_end ? 0 : kRetry;
  } else {
    ssize_t received = 0;
    do {
      received = recv(fd_, data, room, 0);
    } while (received < 0 && errno == EINTR);
    // Less than there was room for: no more is there, and asking again would only cost another system call.
    is_drained_ = received < length;
    if (received == 0) {
      is_eof_ = true;
      return tells_end ? 0 : kRetry;
    }
    if (received < 0) {
      if (errno != EAGAIN && errno != EWOULDBLOCK) error_ = errno;
      return kRetry;
    }
    count = static_cast<int>(received);
    bytes_read_ += static_cast<std::uint64_t>(received);
  }
  if (records) {
    try {
      recorded_.insert(recorded_.end(), data, data + count);
    } catch (...) {
      error_ = ENOMEM;
      return kRetry;
    }
  }
  return count;
}

bool Channel::WriteCiphertext(const char* data, int length) noexcept {
  try {
    const bool is_mine = reactor_.scratch_owner == this;
    const bool is_free = reactor_.scratch_owner == nullptr && out_at_ == out_.size();
    if (is_free) reactor_.scratch_owner = this;
    std::vector<std::uint8_t>& to = is_mine || is_free ? reactor_.scratch : out_;
    // As bytes of the same type: only then is it one memcpy.
    const auto* const bytes = reinterpret_cast<const std::uint8_t*>(data);
    to.insert(to.end(), bytes, bytes + length);
    bytes_written_ += static_cast<std::uint64_t>(length);
    return true;
  } catch (...) {
    return false;
  }
}

bool Channel::Send(const std::uint8_t* data, std::size_t length, std::size_t* sent) {
  *sent = 0;
  while (*sent < length) {
    const ssize_t count = send(fd_, data + *sent, length - *sent, MSG_NOSIGNAL);
    if (count >= 0) {
      *sent += static_cast<std::size_t>(count);
    } else if (errno != EINTR) {
      if (errno == EAGAIN || errno == EWOULDBLOCK) return true;
      error_ = errno;
      syscall_ = "write";
      return false;
    }
  }
  return true;
}

void Channel::Flush(Call& call) {
  const bool has_scratch = reactor_.scratch_owner == this;
  std::vector<std::uint8_t>& scratch = reactor_.scratch;
  if (fd_ < 0 || phase_ == Phase::kConnecting) {
    if (fd_ >= 0 || !(has_scratch || out_at_ < out_.size())) return;
    reactor_.EnterJavaScript();
    const Napi::HandleScope scope(call.env());
    if (has_scratch) out_.insert(out_.end(), scratch.begin(), scratch.end());
    const Napi::Value bytes = ToJs(call.env(), out_.data() + out_at_, out_.size() - out_at_);
    out_ = {};
    out_at_ = 0;
    if (has_scratch) {
      scratch.clear();
      reactor_.scratch_owner = nullptr;
    }
    Tell(call, Event::kOutput, bytes);
    return;
  }
  std::size_t sent = 0;
  bool is_alive = error_ == 0 || syscall_[0] == 'r';
  if (is_alive && out_at_ < out_.size()) {
    is_alive = Send(out_.data() + out_at_, out_.size() - out_at_, &sent);
    out_at_ += sent;
    if (out_at_ == out_.size()) {
      out_ = {};
      out_at_ = 0;
    }
  }
  if (has_scratch) {
    sent = 0;
    if (is_alive && out_at_ == out_.size()) is_alive = Send(scratch.data(), scratch.size(), &sent);
    if (is_alive && sent < scratch.size()) {
      out_.insert(out_.end(), scratch.begin() + static_cast<std::ptrdiff_t>(sent), scratch.end());
    }
    scratch.clear();
    reactor_.scratch_owner = nullptr;
  }
  if (!is_alive) {
    // To a peer that is gone nothing more will be sent; what it has sent may still be read.
    out_ = {};
    out_at_ = 0;
    // A peer that has ended and gone need not hear our answer to its close_notify.
    if (phase_ == Phase::kOpen && has_ended_ && shutdown_asked_ && pending_.IsEmpty() &&
        (error_ == EPIPE || error_ == ECONNRESET)) {
      error_ = 0;
      write_side_ended_ = true;
    } else if (phase_ == Phase::kOpen || phase_ == Phase::kHandshake) {
      RunLater();
    }
    return;
  }
  const bool is_over = shutdown_asked_ && !write_side_ended_ && out_at_ == out_.size() && phase_ != Phase::kHandshake;
  if (is_over && (SSL_get_shutdown(ssl_.get()) & SSL_SENT_SHUTDOWN) != 0) {
    write_side_ended_ = true;
    // When both have ended, the socket is usually closed in this very turn, which says the same.
    owes_fin_ = (SSL_get_shutdown(ssl_.get()) & SSL_RECEIVED_SHUTDOWN) != 0;
    if (owes_fin_) {
      RunLater();
    } else {
      shutdown(fd_, SHUT_WR);
    }
  }
}

void Channel::UpdatePoll() {
  // A channel that lingers waits for the end of its peer.
  if (fd_ < 0 || phase_ == Phase::kClosed) return;
  const bool readable =
      (phase_ == Phase::kHandshake && !waits_for_hello_) ||
      (phase_ == Phase::kOpen && !is_eof_ && ((wants_data_ && !has_ended_) || write_waits_for_read_ || renegotiating_));
  const bool writable = phase_ == Phase::kConnecting ||
                        ((phase_ == Phase::kHandshake || phase_ == Phase::kOpen) && out_at_ < out_.size());
  watch_.Want(readable, writable);
}

// ---- What libssl asks and tells. None of it calls JavaScript: a step tells it afterwards ----

int Channel::OnClientHello(SSL* ssl, int* alert) noexcept {
  try {
    if (phase_ == Phase::kOpen) {
      if (++renegotiations_ <= kMaxRenegotiations) return SSL_CLIENT_HELLO_SUCCESS;
      *alert = SSL_AD_NO_RENEGOTIATION;
      return SSL_CLIENT_HELLO_ERROR;
    }
    const ClientHello hello(ssl);
    if (!options_.pauses_at_hello || hello_answered_) {
      resumption_.OnClientHello(ssl, hello);
      return SSL_CLIENT_HELLO_SUCCESS;
    }
    if (waits_for_hello_) return SSL_CLIENT_HELLO_RETRY;
    auto kept = std::make_unique<Hello>();
    kept->servername = hello.servername;
    kept->alpn.assign(hello.alpn.begin(), hello.alpn.end());
    kept->wants_ocsp = hello.wants_ocsp;
    const auto keep = [&](ByteView id) { kept->ids.emplace_back(id.begin(), id.end()); };
    for (const ClientHello::Identity& identity : hello.identities) {
      if (identity.name.size() == SSL_MAX_SSL_SESSION_ID_LENGTH) keep(identity.name);
    }
    const bool uses_ticket = hello.has_ticket && (SSL_get_options(ssl) & SSL_OP_NO_TICKET) == 0;
    if (hello.identities.empty() && !uses_ticket && !hello.session_id.empty()) keep(hello.session_id);
    hello_ = std::move(kept);
    waits_for_hello_ = true;
    return SSL_CLIENT_HELLO_RETRY;
  } catch (...) {
    *alert = SSL_AD_INTERNAL_ERROR;
    return SSL_CLIENT_HELLO_ERROR;
  }
}

SSL_TICKET_RETURN Channel::OnTicket(SSL* ssl, SSL_SESSION* session, SSL_TICKET_STATUS status) noexcept {
  try {
    return resumption_.OnTicket(ssl, session, status);
  } catch (...) {
    return SSL_TICKET_RETURN_IGNORE;
  }
}

SSL_SESSION* Channel::OnLookup(const unsigned char* id, int length) noexcept {
  return resumption_.Lookup(id, static_cast<std::size_t>(length));
}

void Channel::OnNewSession(SSL_SESSION* session, bool context_listens) noexcept {
  if (!context_listens && !options_.tells_sessions) return;
  try {
    if (SSL_SESSION_up_ref(session) == 1) sessions_.push_back({OwnedSession(session), context_listens});
  } catch (...) {
    // Out of memory: a notification is lost.
  }
}

void Channel::OnKeylog(const char* line) noexcept {
  if (!options_.tells_keys) return;
  try {
    keys_.emplace_back(std::string(line) + "\n");
  } catch (...) {
    // Out of memory: a line is lost.
  }
}

}  // namespace sslctx
