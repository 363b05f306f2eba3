// One TLS connection on a socket, or on a stream of JavaScript's: libssl, its input and output, and what happens when.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "../state.h"
#include "reactor.h"
#include "resumption.h"
#include "transport_bio.h"
#include "watch.h"

namespace sslctx {

/// What JavaScript can answer a client hello for, as bits; `Question` of src/capi/channel.ts has the same.
enum Question : std::uint8_t {
  kAsksServername = 1,
  kAsksAlpn = 2,
  kAsksOcsp = 4,
  /// All IDs that a client offers.
  kAsksIds = 8,
  /// Those that the context's store may have made.
  kAsksStore = 16,
};

struct ChannelOptions {
  /// The listener that accepted it, or 0.
  double owner = 0;
  bool is_server = false;
  /// Wait for JavaScript when a client hello has come that has one of these questions.
  std::uint8_t questions = 0;
  bool tells_sessions = false;
  bool tells_keys = false;
  /// An end without close_notify is an error.
  bool requires_close_notify = false;
  /// TLS 1.3 tickets go out with the first write.
  bool defers_tickets = false;
};

class Channel final : public Job, public Transport, public std::enable_shared_from_this<Channel> {
 public:
  /// `fd` is -1 for a stream of JavaScript's. The descriptor is the channel's from now on.
  static std::shared_ptr<Channel> New(Reactor& reactor, SSL_CTX* ctx, int fd, const ChannelOptions& options);
  ~Channel();

  double id() const { return id_; }
  SSL* ssl() const { return ssl_.get(); }
  int fd() const { return fd_; }
  ChannelOptions& options() { return options_; }
  Resumption& resumption() { return resumption_; }
  std::uint64_t bytes_read() const { return bytes_read_; }
  std::uint64_t bytes_written() const { return bytes_written_; }
  bool handshaking() const { return phase_ == Phase::kConnecting || phase_ == Phase::kHandshake; }
  bool is_early() const { return early_ != Early::kNone; }

  // From JavaScript.
  /// Begins the handshake.
  void Start();
  /// Begins with a descriptor on which connect() is under way; the handshake follows. Returns 0 or an errno.
  int ConnectWith(int fd);
  /// What a client writes first: before the end of the handshake or, where it must not, after.
  void SetEarlyData(std::vector<std::uint8_t> data, bool is_early) {
    early_out_ = std::move(data);
    early_done_ = !is_early;
  }
  void WantData(bool on);
  /// Where plaintext goes from now on, in place of the room that all channels have. JavaScript holds it.
  void SetRoom(const Napi::Uint8Array& room) { room_ = Napi::Weak(room); }
  /// False when it is not all on its way yet: kDrained follows.
  bool Write(Call& call, napi_value bytes);
  bool Shutdown(Call& call);
  void Input(Call& call, const std::uint8_t* data, std::size_t length, bool is_end);
  void Renegotiate(Call& call);
  bool IssueTicket();
  void RunLater();
  /// Its object, when that may be garbage: not as long as there is something to do.
  void SetObject(const Napi::Object& object) { object_ = Napi::Weak(object); }
  struct Answer {
    SSL_CTX* ctx = nullptr;
    std::vector<std::uint8_t> alpn;
    std::vector<std::uint8_t> ocsp;
    bool has_alpn = false;
  };
  /// After kHello.
  void Resume(const Answer& answer);
  /// `is_clean`: says close_notify first, so that the session stays good.
  void Close(Call& call, bool is_clean);
  /// The environment ends: no JavaScript, no more bytes. The session stays good.
  void Abandon();
  /// The peer has had its time to close.
  void EndLingering();
  bool closed() const { return phase_ == Phase::kClosed; }
  /// Milliseconds since there was something to shake hands with; negative before.
  double Age() const;
  void Ref(bool on) { watch_.Ref(on); }

  // From the loop.
  void Run(Call& call) noexcept override;
  /// The handshake takes too long.
  void TimeOut();

  // From libssl.
  int ReadCiphertext(char* data, int length) noexcept override;
  bool WriteCiphertext(const char* data, int length) noexcept override;
  bool AtEnd() noexcept override { return is_eof_ && phase_ != Phase::kOpen; }
  int OnClientHello(SSL* ssl, int* alert) noexcept;
  SSL_TICKET_RETURN OnTicket(SSL* ssl, SSL_SESSION* session, SSL_TICKET_STATUS status) noexcept;
  SSL_SESSION* OnLookup(const unsigned char* id, int length) noexcept;
  void OnNewSession(SSL_SESSION* session, bool context_listens) noexcept;
  void OnKeylog(const char* line) noexcept;
  /// A handshake message of the peer's, by its first byte.
  void OnMessage(const SSL* ssl, std::uint8_t type) noexcept;
  /// The protocol that JavaScript chose; null when it left that to the context.
  const std::vector<std::uint8_t>* chosen_alpn() const { return answer_.has_alpn ? &answer_.alpn : nullptr; }
  const std::vector<std::uint8_t>& ocsp_response() const { return answer_.ocsp; }

 private:
  using Clock = std::chrono::steady_clock;
  enum class Phase : std::uint8_t { kNew, kConnecting, kHandshake, kOpen, kFailed, kClosed };
  /// What came of one operation of libssl's.
  enum class Outcome : std::uint8_t { kDone, kWaits, kEnded, kFailed };

  /// Open before the end of the handshake: data comes that may be a replay; it has come, and the end is awaited.
  enum class Early : std::uint8_t { kNone, kReading, kFinishing };

  Channel(Reactor& reactor, int fd, const ChannelOptions& options);
  void MakeSsl(SSL_CTX* ctx);
  int Observe();

  template <typename Operation>
  Outcome Perform(Operation&& operation);
  void Step(Call& call);
  void FinishConnect(Call& call);
  void BeginHandshake();
  bool Handshake(Call& call);
  bool HandleEarlyData(Call& call);
  Outcome ReadEarly(std::uint8_t* data, std::size_t size, std::size_t* filled);
  void RepeatEarlyData(Call& call);
  void Pump(Call& call);
  Reactor::Room Room(Call& call);
  void DeliverEnd(Call& call);
  void ContinueWrite(Call& call);
  void ContinueShutdown(Call& call);
  /// Its listener no longer counts it among the handshakes.
  void HandOver();
  void Fail(Call& call);
  void TellSystemError(Call& call);
  void TellMore(Call& call);
  void TellDrained(Call& call);
  void TellHello(Call& call);
  void Flush(Call& call);
  bool Send(const std::uint8_t* data, std::size_t length, std::size_t* sent);
  bool HasOutput() const { return out_at_ < out_.size() || reactor_.scratch_owner == this; }
  void UpdatePoll();
  void FreeBuffers();
  void Release();
  void Linger();
  void DiscardInput();
  std::size_t WriteSome(Call& call, const Napi::Value& chunk, std::size_t at);
  bool Settle(Call& call);
  bool Asks(SSL* ssl, const ClientHello& hello, bool offers_ids) const;
  Napi::Value Tell(Call& call, Event event, napi_value first = nullptr, napi_value second = nullptr) {
    return reactor_.Tell(call, event, id_, options_.owner, first, second);
  }

  Reactor& reactor_;
  Owned<SSL, SSL_free> ssl_;
  ChannelOptions options_;
  double id_ = 0;
  int fd_;
  Phase phase_ = Phase::kNew;
  Watch watch_;

  bool in_step_ = false;
  bool wants_data_ = false;
  bool has_ended_ = false;
  bool is_drained_ = false;
  bool is_eof_ = false;
  bool waits_for_hello_ = false;
  bool hello_answered_ = false;
  bool write_waits_for_read_ = false;
  bool tells_drained_ = false;
  bool shutdown_asked_ = false;
  bool tickets_owed_ = false;
  bool early_done_ = false;
  bool tells_confirmed_ = false;
  Early early_ = Early::kNone;
  bool renegotiating_ = false;
  bool is_lingering_ = false;
  bool is_overdue_ = false;
  bool write_side_ended_ = false;
  /// All data had been sent before our close_notify was made.
  bool is_goodbye_alone_ = false;
  bool owes_fin_ = false;
  bool is_handed_over_ = false;
  std::uint8_t renegotiations_ = 0;
  std::uint8_t sync_writes_ = 0;
  Clock::time_point began_{};
  int error_ = 0;
  const char* syscall_ = "read";
  std::uint64_t bytes_read_ = 0;
  std::uint64_t bytes_written_ = 0;
  std::uint64_t plaintext_read_ = 0;
  /// How many messages of the peer's, after the handshake, wanted an answer of libssl's.
  std::uint64_t demands_ = 0;
  /// Reason of an OpenSSL error: the peer had too many of them.
  int flood_ = 0;
  /// What one call of libssl has read so far, and whether it was told that there is no more before that was true.
  std::size_t read_in_call_ = 0;
  bool is_throttled_ = false;

  /// Ciphertext that the kernel has not taken yet.
  std::vector<std::uint8_t> out_;
  std::size_t out_at_ = 0;
  /// Of a stream of JavaScript's; and what a second SSL reads again.
  std::vector<std::uint8_t> in_;
  std::size_t in_at_ = 0;
  std::vector<std::uint8_t> recorded_;

  Napi::ObjectReference object_;
  Napi::Reference<Napi::Uint8Array> room_;
  /// Plaintext of JavaScript's that is being written.
  Napi::Reference<Napi::Object> pending_;
  std::size_t pending_at_ = 0;
  std::size_t pending_size_ = 0;
  std::vector<std::uint8_t> early_out_;
  std::vector<std::uint8_t> early_in_;

  Resumption resumption_;
  Answer answer_;
  struct Hello;
  std::unique_ptr<Hello> hello_;
  struct NewSession {
    OwnedSession session;
    bool context_listens;
  };
  std::vector<NewSession> sessions_;
  std::vector<std::string> keys_;
};

}  // namespace sslctx
