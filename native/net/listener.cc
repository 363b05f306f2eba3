#include "listener.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

#include "posix_sockets.h"

namespace sslctx {

namespace {

/// How many connections are accepted in one turn: the sockets that are there already have theirs too.
constexpr unsigned kMaxAccepts = 8;

bool IsOutOfDescriptors(int error) { return error == EMFILE || error == ENFILE; }

void Set(int fd, int level, int name, int value) { setsockopt(fd, level, name, &value, sizeof value); }

/// On Linux a connection has the options of the socket that accepts it: one system call less for each.
#ifdef __linux__
constexpr bool kInheritsOptions = true;
#else
constexpr bool kInheritsOptions = false;
#endif

void SetOptions(int fd, const ListenerOptions& options) {
  if (options.no_delay) Set(fd, IPPROTO_TCP, TCP_NODELAY, 1);
  if (options.keep_alive) {
    Set(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
    if (options.keep_alive_delay > 0) Set(fd, IPPROTO_TCP, kKeepAliveDelay, options.keep_alive_delay);
  }
}

}  // namespace

Listener::Listener(Reactor& reactor, int fd, const ListenerOptions& options)
    : reactor_(reactor), options_(options), fd_(fd), seat_{watch_, reactor.is_working()} {}

std::shared_ptr<Listener> Listener::New(Reactor& reactor, SSL_CTX* ctx, int fd, const ListenerOptions& options) {
  const std::shared_ptr<Listener> listener(new Listener(reactor, fd, options));
  listener->SetContext(ctx);
  if constexpr (kInheritsOptions) SetOptions(fd, options);
  const int error = listener->watch_.Open(
      reactor.watches(), fd,
      [](void* data, bool, bool) {
        auto* const self = static_cast<Listener*>(data);
        self->reactor_.Enqueue(self->shared_from_this());
      },
      listener.get());
  if (error != 0) throw std::runtime_error("the socket cannot be watched");
  if (options.accepts) listener->StartAccepting();
  listener->id_ = reactor.AddListener(listener);
  listener->Configure(options.channel, options.max_connections);
  return listener;
}

void Listener::Configure(const ChannelOptions& channel, std::size_t max_connections) {
  options_.channel = channel;
  options_.channel.is_server = true;
  options_.channel.owner = id_;
  seat_.limit = max_connections;
}

void Listener::StartAccepting() {
  turns_ = AcceptTurns::Of(fd_);
  watch_.WantWhenArmed();
  turns_->Join(seat_, fd_);
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
  if (fd_ >= 0) close(fd_);
  fd_ = -1;
}

void Listener::Run(Call& call) noexcept {
  unsigned count = 0;
  for (; count < kMaxAccepts && turns_; ++count) {
    if (seat_.IsFull() && turns_->PassOnFull(seat_)) break;
    const int fd = AcceptStreamSocket(fd_);
    if (fd < 0) {
      if (IsOutOfDescriptors(errno)) reactor_.SpendReserve(fd_);
      break;
    }
    call.Guard([&] { Accept(fd); });
  }
  if (turns_) turns_->PassOn(seat_, count);
}

void Listener::Accept(int fd) {
  if (seat_.IsFull()) {
    close(fd);
    return;
  }
  if constexpr (!kInheritsOptions) SetOptions(fd, options_);
  const std::shared_ptr<Channel> channel = Channel::New(reactor_, ctx_.get(), fd, options_.channel);
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
