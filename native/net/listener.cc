#include "listener.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "posix_sockets.h"

namespace sslctx {

namespace {

/// How many connections are accepted in one turn: the sockets that are there already have theirs too.
constexpr unsigned kMaxAccepts = 8;

bool IsOutOfDescriptors(int error) { return error == EMFILE || error == ENFILE; }

/// On Linux a connection has the options of the socket that accepts it: one system call less for each.
#ifdef __linux__
constexpr bool kInheritsOptions = true;
#else
constexpr bool kInheritsOptions = false;
#endif

void SetOptions(int fd, const ListenerOptions& options) {
  if (options.no_delay) SetOption(fd, IPPROTO_TCP, TCP_NODELAY, 1);
  if (options.keep_alive) {
    SetOption(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
    if (options.keep_alive_delay > 0) SetOption(fd, IPPROTO_TCP, kKeepAliveDelay, options.keep_alive_delay);
  }
}

}  // namespace

Listener::Listener(Reactor& reactor, Descriptor fd, const ListenerOptions& options)
    : reactor_(reactor), options_(options), fd_(std::move(fd)), seat_{watch_, reactor.is_working()} {}

std::shared_ptr<Listener> Listener::New(Reactor& reactor, SSL_CTX* ctx, Descriptor fd, const ListenerOptions& options,
                                        const ForConnections& settings) {
  const std::shared_ptr<Listener> listener(new Listener(reactor, std::move(fd), options));
  listener->SetContext(ctx);
  if constexpr (kInheritsOptions) SetOptions(listener->fd(), options);
  const int error = listener->watch_.Open(
      reactor.watches(), listener->fd(),
      [](void* data, bool, bool) {
        auto* const self = static_cast<Listener*>(data);
        self->reactor_.Enqueue(self->shared_from_this());
      },
      listener.get());
  if (error != 0) throw std::runtime_error("the socket cannot be watched");
  if (options.accepts) listener->StartAccepting();
  listener->id_ = reactor.AddListener(listener);
  listener->Configure(settings);
  return listener;
}

void Listener::Configure(const ForConnections& settings) {
  channel_options_ = settings.channel;
  channel_options_.is_server = true;
  channel_options_.owner = id_;
  seat_.limit = settings.limit;
}

void Listener::StartAccepting() {
  turns_ = AcceptTurns::Of(fd());
  watch_.WantWhenArmed();
  turns_->Join(seat_, fd());
}

void Listener::SetContext(SSL_CTX* ctx) {
  SSL_CTX_up_ref(ctx);
  ctx_.reset(ctx);
}

void Listener::Close() {
  // Other descriptors of the socket may stay open: the kernel would not forget this one.
  if (turns_) turns_->Leave(seat_);
  turns_.reset();
  watch_.Close();
  fd_.Reset();
}

void Listener::Run(Call& call) noexcept {
  unsigned count = 0;
  for (; count < kMaxAccepts && turns_; ++count) {
    if (seat_.IsFull() && turns_->PassOnFull(seat_)) break;
    const int connection = AcceptStreamSocket(fd());
    if (connection < 0) {
      if (IsOutOfDescriptors(errno)) reactor_.SpendReserve(fd());
      break;
    }
    call.Guard([&] { Accept(connection); });
  }
  if (turns_) turns_->PassOn(seat_, count);
}

void Listener::Accept(int fd) {
  if (seat_.IsFull()) {
    close(fd);
    return;
  }
  if constexpr (!kInheritsOptions) SetOptions(fd, options_);
  const std::shared_ptr<Channel> channel = Channel::New(reactor_, ctx_.get(), fd, channel_options_);
  ++seat_.connections;
  pending_.insert(static_cast<std::uint64_t>(channel->id()));
  deadlines_.push_back({channel->id(), LoopTime(reactor_.loop()) + options_.handshake_timeout});
  reactor_.WatchDeadlines();
  channel->Start();
}

bool Listener::CheckDeadlines(std::uint64_t now) {
  while (!deadlines_.empty()) {
    const Deadline& first = deadlines_.front();
    const bool is_pending = pending_.contains(static_cast<std::uint64_t>(first.channel));
    if (is_pending && first.at > now) return true;
    if (is_pending) {
      if (const std::shared_ptr<Channel> channel = reactor_.Find(first.channel)) channel->TimeOut();
    }
    deadlines_.pop_front();
  }
  return false;
}

}  // namespace sslctx
