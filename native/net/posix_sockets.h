// What Linux and the BSDs do in one system call, and macOS in several or by another name. There, as with libuv, a
// program that another thread starts in between inherits the socket.
#pragma once

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

namespace sslctx {

/// For send(): no SIGPIPE. Where there is no such flag, the sockets below have an option for it.
#ifdef MSG_NOSIGNAL
inline constexpr int kNoSignal = MSG_NOSIGNAL;
#else
inline constexpr int kNoSignal = 0;
#endif

/// The seconds of silence before the first probe.
#ifdef TCP_KEEPIDLE
inline constexpr int kKeepAliveDelay = TCP_KEEPIDLE;
#else
inline constexpr int kKeepAliveDelay = TCP_KEEPALIVE;
#endif

inline void SetOption(int fd, int level, int name, int value) { setsockopt(fd, level, name, &value, sizeof value); }

#ifdef SOCK_CLOEXEC

/// A stream socket that does not block and that other programs do not inherit; negative, with errno, when there is
/// none.
inline int OpenStreamSocket(int family) { return socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0); }

/// The same of the next connection of a listening socket.
inline int AcceptStreamSocket(int listening) {
  return accept4(listening, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

#else

inline int WithoutBlocking(int fd) {
  if (fd < 0) return fd;
#ifdef SO_NOSIGPIPE
  // Fails where the other side has gone already: then nobody will write.
  SetOption(fd, SOL_SOCKET, SO_NOSIGPIPE, 1);
#endif
  if (fcntl(fd, F_SETFD, FD_CLOEXEC) == 0 && fcntl(fd, F_SETFL, O_NONBLOCK) == 0) return fd;
  const int error = errno;
  close(fd);
  errno = error;
  return -1;
}

inline int OpenStreamSocket(int family) { return WithoutBlocking(socket(family, SOCK_STREAM, 0)); }

inline int AcceptStreamSocket(int listening) { return WithoutBlocking(accept(listening, nullptr, nullptr)); }

#endif

}  // namespace sslctx
