#include "channel.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "../callbacks.h"
#include "channel_parts.h"
#include "listener.h"

namespace sslctx {

namespace {

/// Writes that end at once, in one turn of the loop: a writer that never waits would never let the loop go on.
constexpr std::uint8_t kMaxSyncWrites = 16;

int OnCertificate(SSL* ssl, void*) noexcept {
  if (Channel* const channel = SslState::Of(ssl).channel) channel->resumption().OnFullHandshake(ssl);
  return 1;
}

}  // namespace

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
  // Which sessions may be resumed is looked at once, at the first client hello.
  SSL_set_options(ssl, SSL_OP_NO_SESSION_RESUMPTION_ON_RENEGOTIATION);
  // Another context may take early data where the first did not.
  early_done_ = false;
  SSL_set_cert_cb(ssl, OnCertificate, nullptr);
  if (options_.defers_tickets && SSL_get_num_tickets(ssl) > 0) {
    tickets_owed_ = true;
    SSL_set_num_tickets(ssl, 0);
  }
}

void Channel::BeginHandshake() {
  phase_ = Phase::kHandshake;
  began_ = Clock::now();
}

double Channel::Age() const {
  if (began_ == Clock::time_point{}) return -1;
  return std::chrono::duration<double, std::milli>(Clock::now() - began_).count();
}

// ---- What JavaScript asks for ----

void Channel::Start() {
  if (phase_ != Phase::kNew) return;
  BeginHandshake();
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
    const Outcome outcome = Perform([&](SSL* ssl) {
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
  is_goodbye_alone_ = error_ == 0 && !HasOutput();
  // 0 only says that the peer has not done so yet.
  const Outcome outcome = Perform([](SSL* target) { return SSL_shutdown(target) < 0 ? -1 : 1; });
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
  if (Perform(SSL_renegotiate) != Outcome::kDone || Perform(SSL_do_handshake) == Outcome::kFailed) {
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
    Perform([](SSL* target) { return SSL_shutdown(target) < 0 ? -1 : 1; });
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
  // That our thread ends says nothing against the session either, which other threads may have.
  if (phase_ == Phase::kOpen && ssl_) SSL_set_shutdown(ssl_.get(), SSL_get_shutdown(ssl_.get()) | SSL_SENT_SHUTDOWN);
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

}  // namespace sslctx
