// A channel's ciphertext: from the kernel or JavaScript to libssl, and back.

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "channel_parts.h"
#include "posix_sockets.h"

namespace sslctx {

namespace {

constexpr ssize_t kWholeRecord = 16 * 1024;

}  // namespace

int Channel::ReadCiphertext(char* data, int length) noexcept {
  if (flood_ != 0) return kRetry;
  const auto room = static_cast<std::size_t>(length);
  const bool tells_end = phase_ != Phase::kOpen;
  const bool records = options_.questions != 0 && !hello_answered_;
  int count = 0;
  if (read_in_call_ >= kMaxReadInCall) {
    is_throttled_ = true;
    return kRetry;
  }
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
    // Less than there was room for: no more is there, and asking again would only cost another system call. But where
    // whole records come, the next one is on its way: to be there for it costs less than a turn of the event loop.
    is_drained_ = received < length && received < kWholeRecord;
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
  read_in_call_ += static_cast<std::size_t>(count);
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
    const ssize_t count = send(fd_, data + *sent, length - *sent, kNoSignal);
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
    // A peer that is gone need not hear our close_notify, and its own may not have been read yet.
    if (phase_ == Phase::kOpen && (has_ended_ || is_goodbye_alone_) && shutdown_asked_ && pending_.IsEmpty() &&
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

}  // namespace sslctx
