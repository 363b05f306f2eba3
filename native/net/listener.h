// A listening socket: accepts, and hands connections to channels.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <unordered_set>

#include "../openssl.h"
#include "accept_turns.h"
#include "channel.h"
#include "descriptor.h"

namespace sslctx {

struct ListenerOptions {
  /// Otherwise it holds the socket for other threads.
  bool accepts = true;
  std::uint64_t handshake_timeout = 120'000;
  bool no_delay = true;
  bool keep_alive = false;
  int keep_alive_delay = 0;
};

class Listener final : public Job, public std::enable_shared_from_this<Listener> {
 public:
  ~Listener() { Close(); }
  /// What may change while it listens.
  struct ForConnections {
    ChannelOptions channel;
    /// How many there may be; 0 is no limit.
    std::size_t limit = 0;
  };
  static std::shared_ptr<Listener> New(Reactor& reactor, SSL_CTX* ctx, Descriptor fd, const ListenerOptions& options,
                                       const ForConnections& settings);

  double id() const { return id_; }
  int fd() const { return fd_.get(); }
  void Configure(const ForConnections& settings);
  void SetContext(SSL_CTX* ctx);
  void Ref(bool on) { watch_.Ref(on); }
  /// Accepts no more. Handshakes go on.
  void Close();
  /// Channels that JavaScript does not know yet.
  const std::unordered_set<std::uint64_t>& pending() const { return pending_; }
  /// The handshake is over, well or not: JavaScript is about to know the channel.
  void HandOver(double channel) { pending_.erase(static_cast<std::uint64_t>(channel)); }
  void CountClosed() { --seat_.connections; }

  void Run(Call& call) noexcept override;
  /// Fails the handshakes that are over their time. Returns whether there are others to check later.
  bool CheckDeadlines(std::uint64_t now);

 private:
  Listener(Reactor& reactor, Descriptor fd, const ListenerOptions& options);
  void StartAccepting();
  void Accept(int fd);

  Reactor& reactor_;
  Owned<SSL_CTX, SSL_CTX_free> ctx_;
  const ListenerOptions options_;
  ChannelOptions channel_options_;
  double id_ = 0;
  Descriptor fd_;
  Watch watch_;
  /// Its connections are all that are not closed.
  AcceptTurns::Seat seat_;
  std::shared_ptr<AcceptTurns> turns_;
  struct Deadline {
    double channel;
    std::uint64_t at;
  };
  std::deque<Deadline> deadlines_;
  std::unordered_set<std::uint64_t> pending_;
};

}  // namespace sslctx
