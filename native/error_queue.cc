#include "error_queue.h"

#include "openssl.h"

namespace sslctx {

namespace {

constexpr std::size_t kCapacity = 16;

const char* OrEmpty(const char* text) { return text == nullptr ? "" : text; }

}  // namespace

void ErrorQueue::Collect() { MoveFromThread(errors_); }

void ErrorQueue::MoveFromThread(std::deque<QueuedError>& to) {
  const char* file = nullptr;
  const char* function = nullptr;
  const char* data = nullptr;
  int line = 0;
  int flags = 0;
  while (const unsigned long code = ERR_get_error_all(&file, &line, &function, &data, &flags)) {
    if (to.size() == kCapacity) to.pop_front();
    to.push_back(
        {code, OrEmpty(file), line, OrEmpty(function), (flags & ERR_TXT_STRING) != 0 ? OrEmpty(data) : "", flags});
  }
}

std::size_t ErrorQueue::DrainThread() {
  std::size_t count = 0;
  while (ERR_get_error() != 0) ++count;
  return count;
}

void ErrorQueue::ClearThread() {
  // Clearing goes through all of the queue's places, also of an empty queue; sockets do so many times a connection.
  if (ERR_peek_error() != 0) ERR_clear_error();
}

void ErrorQueue::RaiseTrailingBytes() {
  ERR_raise_data(ERR_LIB_SSL, SSL_R_LENGTH_MISMATCH, "bytes after the end of the session");
}

ErrorQueue::Suspended::Suspended() noexcept {
  try {
    MoveFromThread(errors_);
  } catch (...) {
    // Out of memory: what could not be kept is lost.
  }
}

ErrorQueue::Suspended::~Suspended() {
  for (const QueuedError& error : errors_) {
    ERR_new();
    ERR_set_debug(error.file.c_str(), error.line, error.function.c_str());
    ERR_set_error(ERR_GET_LIB(error.code), ERR_GET_REASON(error.code), "%s", error.data.c_str());
  }
}

}  // namespace sslctx
