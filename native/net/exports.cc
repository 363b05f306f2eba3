// What src/capi/channel.ts calls: sockets and listeners, by number.

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "../call.h"
#include "../callbacks.h"
#include "../groups.h"
#include "address.h"
#include "channel.h"
#include "descriptor.h"
#include "listener.h"
#include "posix_sockets.h"
#include "session_der.h"
#include "session_ids.h"

namespace sslctx {

namespace {

bool Flag(const Napi::Object& options, const char* name) { return options.Get(name).ToBoolean(); }

ChannelOptions ChannelOptionsFrom(const Napi::Object& options) {
  ChannelOptions result;
  result.is_server = Flag(options, "isServer");
  if (const Napi::Value questions = options.Get("questions"); questions.IsNumber()) {
    result.questions = static_cast<std::uint8_t>(questions.As<Napi::Number>().Uint32Value());
  }
  result.tells_sessions = Flag(options, "tellsSessions");
  result.tells_keys = Flag(options, "tellsKeys");
  result.requires_close_notify = Flag(options, "requireCloseNotify");
  result.defers_tickets = Flag(options, "defersTickets");
  return result;
}

Listener::ForConnections ForConnectionsFrom(const Napi::Object& options) {
  return {ChannelOptionsFrom(options), options.Get("maxConnections").As<Napi::Number>().Uint32Value()};
}

Napi::Value Errno(Call& call, int error) { return ToJs(call.env(), -error); }

std::shared_ptr<Channel> ChannelOf(Call& call) {
  Reactor* const reactor = Reactor::Existing(call.addon());
  const std::shared_ptr<Channel> channel =
      reactor == nullptr || !call[0].IsNumber() ? nullptr : reactor->Find(call[0].As<Napi::Number>().DoubleValue());
  if (!channel || channel->closed()) {
    ThrowError(call.env(), "ERR_SSLCTX_FREED", std::string(call.name()) + ": the socket is closed");
  }
  return channel;
}

std::shared_ptr<Listener> ListenerOf(Call& call) {
  Reactor* const reactor = Reactor::Existing(call.addon());
  const std::shared_ptr<Listener> listener = reactor == nullptr || !call[0].IsNumber()
                                                 ? nullptr
                                                 : reactor->FindListener(call[0].As<Napi::Number>().DoubleValue());
  if (!listener) ThrowError(call.env(), "ERR_SSLCTX_FREED", std::string(call.name()) + ": the server is closed");
  return listener;
}

Napi::Value SetDispatcher(Call& call) {
  Reactor::Of(call.addon()).SetDispatcher(call[0].As<Napi::Function>());
  return call.env().Undefined();
}

Napi::Value Prepare(Call& call) {
  SSL_CTX* const ctx = call.Handle<SSL_CTX>(0);
  ContextState& state = *ContextState::Of(ctx);
  const bool serves = call[1].ToBoolean();
  const bool logs_keys = call[2].ToBoolean();
  if (state.shared) {
    if ((serves && !state.serves) || (logs_keys && !state.logs_keys)) call.Configurable(0);
    return call.env().Undefined();
  }
  if (serves) InstallServerCallbacks(ctx);
  if (logs_keys) InstallKeylog(ctx);
  state.serves = state.serves || serves;
  state.logs_keys = state.logs_keys || logs_keys;
  return call.env().Undefined();
}

Napi::Value SetAlpnList(Call& call) {
  SSL_CTX* const ctx = call.Handle<SSL_CTX>(0);
  ContextState::Of(ctx)->alpn = call.Get<CopiedBytes>(1);
  InstallAlpnList(ctx);
  return call.env().Undefined();
}

/// The sessions are kept by JavaScript. The keys of IDs, 32 bytes each; without any, libssl makes the IDs.
Napi::Value SetSessionStore(Call& call) {
  SSL_CTX* const ctx = call.Handle<SSL_CTX>(0);
  ContextState& state = *ContextState::Of(ctx);
  const CopiedBytes bytes = call.Get<CopiedBytes>(1);
  std::vector<SessionIds::Key> keys(bytes.size() / SessionIds::Key().size());
  for (std::size_t i = 0; i < keys.size(); ++i) {
    std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(i * keys[i].size()), keys[i].size(), keys[i].begin());
  }
  if (state.shared && (!state.has_store || (state.Ids() == nullptr) != keys.empty())) call.Configurable(0);
  auto ids = keys.empty() ? nullptr : std::make_shared<const SessionIds>(std::move(keys));
  if (!state.shared) {
    state.has_store = true;
    SSL_CTX_set_generate_session_id(ctx, ids ? SessionIds::OnGenerate : nullptr);
  }
  state.SetIds(std::move(ids));
  return call.env().Undefined();
}

/// Whether a server of the same store has made this ID; without keys, whether it may have.
Napi::Value IsOwnSessionId(Call& call) {
  const ContextState& state = *ContextState::Of(call.Handle<SSL_CTX>(0));
  const Bytes id = call.Get<Bytes>(1);
  const std::shared_ptr<const SessionIds> ids = state.Ids();
  return Napi::Boolean::New(call.env(), !ids || ids->Recognises({id.data, id.size}));
}

Napi::Value SetLenientVerify(Call& call) {
  SSL_CTX_set_verify(call.Handle<SSL_CTX>(0), SSL_VERIFY_PEER, sslctx_accept_any_certificate);
  return call.env().Undefined();
}

Napi::Value SetLenientVerifyOnSsl(Call& call) {
  SSL_set_verify(call.Handle<SSL>(0), SSL_VERIFY_PEER, sslctx_accept_any_certificate);
  return call.env().Undefined();
}

Napi::Value MayResumeSession(Call& call) {
  const bool has_name = call[2].IsString();
  const std::string name = has_name ? call.Get<std::string>(2) : std::string();
  const bool may = MayResume(call.Handle<SSL_CTX>(0), call.Handle<SSL_SESSION>(1), has_name ? name.c_str() : nullptr,
                             call[3].ToBoolean());
  ErrorQueue::ClearThread();
  return Napi::Boolean::New(call.env(), may);
}

/// A socket that listens, or a negative errno.
int OpenListening(const Napi::Object& where, const Address& address) {
  Descriptor socket_fd(OpenStreamSocket(address.family));
  if (!socket_fd) return -errno;
  SetOption(socket_fd.get(), SOL_SOCKET, SO_REUSEADDR, 1);
  if (Flag(where, "reusePort")) SetOption(socket_fd.get(), SOL_SOCKET, SO_REUSEPORT, 1);
  if (address.family == AF_INET6)
    SetOption(socket_fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, Flag(where, "ipv6Only") ? 1 : 0);
  if (bind(socket_fd.get(), reinterpret_cast<const sockaddr*>(&address.storage), address.length) != 0) return -errno;
  const int backlog = where.Get("backlog").As<Napi::Number>().Int32Value();
  if (listen(socket_fd.get(), backlog) != 0) return -errno;
  return socket_fd.Release();
}

/// With `fd` in place of an address: a copy of another thread's descriptor.
Napi::Value Listen(Call& call) {
  SSL_CTX* const ctx = call.Handle<SSL_CTX>(0);
  const Napi::Object where = call[1].As<Napi::Object>();
  const Napi::Object options = call[2].As<Napi::Object>();
  const Napi::Value other = where.Get("fd");
  Address address;
  if (!other.IsNumber() && !Read(where, &address)) return Errno(call, EINVAL);
  Descriptor socket_fd;
  if (other.IsNumber()) {
    socket_fd.Reset(fcntl(other.As<Napi::Number>().Int32Value(), F_DUPFD_CLOEXEC, 0));
    if (!socket_fd) return Errno(call, errno);
  } else {
    const int result = OpenListening(where, address);
    if (result < 0) return Errno(call, -result);
    socket_fd.Reset(result);
  }
  ListenerOptions settings;
  settings.accepts = !Flag(options, "isIdle");
  settings.handshake_timeout = options.Get("handshakeTimeout").As<Napi::Number>().Uint32Value();
  settings.no_delay = Flag(options, "noDelay") && address.family != AF_UNIX;
  settings.keep_alive = Flag(options, "keepAlive") && address.family != AF_UNIX;
  settings.keep_alive_delay = options.Get("keepAliveInitialDelay").As<Napi::Number>().Int32Value();
  const auto listener =
      Listener::New(Reactor::Of(call.addon()), ctx, std::move(socket_fd), settings, ForConnectionsFrom(options));
  return ToJs(call.env(), listener->id());
}

Napi::Value ListenerConfigure(Call& call) {
  const auto listener = ListenerOf(call);
  if (!call[1].IsNull()) listener->SetContext(call.Handle<SSL_CTX>(1));
  const Napi::Object options = call[2].As<Napi::Object>();
  listener->Configure(ForConnectionsFrom(options));
  return call.env().Undefined();
}

Napi::Value ListenerDescriptor(Call& call) { return ToJs(call.env(), ListenerOf(call)->fd()); }

Napi::Value ListenerAddress(Call& call) { return NameOf(call.env(), ListenerOf(call)->fd(), getsockname); }

Napi::Value ListenerClose(Call& call) {
  ListenerOf(call)->Close();
  return call.env().Undefined();
}

Napi::Value ListenerFree(Call& call) {
  const auto listener = ListenerOf(call);
  listener->Close();
  Reactor::Of(call.addon()).RemoveListener(listener->id());
  return call.env().Undefined();
}

/// The channels that JavaScript has not taken over yet.
Napi::Value ListenerChannels(Call& call) {
  const auto listener = ListenerOf(call);
  Napi::Array ids = Napi::Array::New(call.env());
  std::uint32_t count = 0;
  for (const std::uint64_t id : listener->pending()) ids.Set(count++, ToJs(call.env(), static_cast<double>(id)));
  return ids;
}

Napi::Value ListenerPending(Call& call) {
  return ToJs(call.env(), static_cast<double>(ListenerOf(call)->pending().size()));
}

Napi::Value ListenerRef(Call& call) {
  ListenerOf(call)->Ref(call[1].ToBoolean());
  return call.env().Undefined();
}

/// A channel on memory: ciphertext comes and goes through JavaScript.
Napi::Value OpenChannel(Call& call) {
  SSL_CTX* const ctx = call.Handle<SSL_CTX>(0);
  const auto channel = Channel::New(Reactor::Of(call.addon()), ctx, -1, ChannelOptionsFrom(call[1].As<Napi::Object>()));
  return ToJs(call.env(), channel->id());
}

/// The object of a channel that may be garbage; as long as there is something to do, it is not.
Napi::Value ChannelSetObject(Call& call) {
  ChannelOf(call)->SetObject(call[1].As<Napi::Object>());
  return call.env().Undefined();
}

/// Begins to connect a channel that has no socket yet: 0, or a negative errno.
Napi::Value Connect(Call& call) {
  const auto channel = ChannelOf(call);
  if (channel->fd() >= 0) return Errno(call, EISCONN);
  const Napi::Object where = call[1].As<Napi::Object>();
  Address address;
  if (!Read(where, &address)) return Errno(call, EINVAL);
  Descriptor socket_fd(OpenStreamSocket(address.family));
  if (!socket_fd) return Errno(call, errno);
  if (where.Get("local").IsObject()) {
    Address local;
    if (!Read(where.Get("local").As<Napi::Object>(), &local)) return Errno(call, EINVAL);
    if (bind(socket_fd.get(), reinterpret_cast<sockaddr*>(&local.storage), local.length) != 0)
      return Errno(call, errno);
  }
  if (address.family != AF_UNIX) SetOption(socket_fd.get(), IPPROTO_TCP, TCP_NODELAY, 1);
  int result = 0;
  do {
    result = connect(socket_fd.get(), reinterpret_cast<sockaddr*>(&address.storage), address.length);
  } while (result != 0 && errno == EINTR);
  if (result != 0 && errno != EINPROGRESS) return Errno(call, errno);
  return Errno(call, channel->ConnectWith(socket_fd.Release()));
}

Napi::Value ChannelSsl(Call& call) { return BorrowSsl(call.addon(), ChannelOf(call)->ssl()); }

Napi::Value ChannelStart(Call& call) {
  ChannelOf(call)->Start();
  return call.env().Undefined();
}

Napi::Value ChannelSetEarlyData(Call& call) {
  ChannelOf(call)->SetEarlyData(call.Get<CopiedBytes>(1), call[2].ToBoolean());
  return call.env().Undefined();
}

Napi::Value ChannelIsEarly(Call& call) { return Napi::Boolean::New(call.env(), ChannelOf(call)->is_early()); }

Napi::Value ChannelAge(Call& call) { return Napi::Number::New(call.env(), ChannelOf(call)->Age()); }

Napi::Value ChannelRead(Call& call) {
  ChannelOf(call)->WantData(call[1].ToBoolean());
  return call.env().Undefined();
}

Napi::Value ChannelSetRoom(Call& call) {
  ChannelOf(call)->SetRoom(call[1].As<Napi::Uint8Array>());
  return call.env().Undefined();
}

Napi::Value ChannelWrite(Call& call) { return Napi::Boolean::New(call.env(), ChannelOf(call)->Write(call, call[1])); }

Napi::Value ChannelShutdown(Call& call) { return Napi::Boolean::New(call.env(), ChannelOf(call)->Shutdown(call)); }

Napi::Value ChannelInput(Call& call) {
  const auto channel = ChannelOf(call);
  if (call[1].IsNull()) {
    channel->Input(call, nullptr, 0, true);
  } else {
    const Bytes bytes = call.Get<Bytes>(1);
    channel->Input(call, bytes.data, bytes.size, false);
  }
  return call.env().Undefined();
}

Napi::Value ChannelResume(Call& call) {
  const auto channel = ChannelOf(call);
  const Napi::Object from = call[1].As<Napi::Object>();
  Channel::Answer answer;
  if (from.Get("context").IsNumber()) {
    answer.ctx =
        static_cast<SSL_CTX*>(call.addon().handles.Get(call.env(), from.Get("context"), Kind::kSslCtx, call.name()));
  }
  const auto bytes_of = [&](const char* name) {
    const Bytes bytes = ToBytes({call.env(), call.name(), 1}, from.Get(name));
    return std::vector<std::uint8_t>(bytes.data, bytes.data + bytes.size);
  };
  if (from.Get("alpn").IsTypedArray()) {
    answer.alpn = bytes_of("alpn");
    answer.has_alpn = true;
  }
  if (from.Get("ocsp").IsTypedArray()) answer.ocsp = bytes_of("ocsp");
  const Napi::Array sessions = from.Get("sessions").As<Napi::Array>();
  SSL_CTX* const ctx = answer.ctx != nullptr ? answer.ctx : SSL_get_SSL_CTX(channel->ssl());
  for (std::uint32_t i = 0; i < sessions.Length(); ++i) {
    const SessionHandle handle = call.addon().handles.GetSession(call.env(), sessions.Get(i), call.name());
    SSL_SESSION* const session = handle.session;
    RequireComplete(call.env(), call.name(), session);
    Claim(call.env(), call.name(), *ContextState::Of(ctx), handle);
    SSL_SESSION_up_ref(session);
    channel->resumption().Provide(OwnedSession(session));
  }
  channel->Resume(answer);
  return call.env().Undefined();
}

Napi::Value ChannelRenegotiate(Call& call) {
  ChannelOf(call)->Renegotiate(call);
  return call.env().Undefined();
}

Napi::Value ChannelIssueTicket(Call& call) { return Napi::Boolean::New(call.env(), ChannelOf(call)->IssueTicket()); }

Napi::Value ChannelClose(Call& call) {
  ChannelOf(call)->Close(call, call[1].ToBoolean());
  return call.env().Undefined();
}

Napi::Value ChannelAddress(Call& call) {
  const bool is_remote = call[1].ToBoolean();
  return NameOf(call.env(), ChannelOf(call)->fd(), is_remote ? getpeername : getsockname);
}

/// Of ciphertext.
Napi::Value ChannelBytes(Call& call) {
  const auto channel = ChannelOf(call);
  const std::uint64_t bytes = call[1].ToBoolean() ? channel->bytes_written() : channel->bytes_read();
  return ToJs(call.env(), static_cast<double>(bytes));
}

Napi::Value ChannelTell(Call& call) {
  const auto channel = ChannelOf(call);
  if (!call[1].IsUndefined()) channel->options().tells_sessions = call[1].ToBoolean();
  if (!call[2].IsUndefined()) channel->options().tells_keys = call[2].ToBoolean();
  return call.env().Undefined();
}

Napi::Value ChannelSetOption(Call& call) {
  const auto channel = ChannelOf(call);
  if (channel->fd() < 0) return call.env().Undefined();
  const auto what = call.Get<std::string>(1);
  const int value = call[2].ToNumber().Int32Value();
  if (what == "noDelay") SetOption(channel->fd(), IPPROTO_TCP, TCP_NODELAY, value);
  if (what == "keepAlive") SetOption(channel->fd(), SOL_SOCKET, SO_KEEPALIVE, value);
  if (what == "keepAliveDelay" && value > 0) SetOption(channel->fd(), IPPROTO_TCP, kKeepAliveDelay, value);
  if (what == "ref") channel->Ref(value != 0);
  return call.env().Undefined();
}

constexpr Export kExports[] = {
    SSLCTX_BODY(setDispatcher, SetDispatcher),
    SSLCTX_BODY(prepareContext, Prepare),
    SSLCTX_BODY(setAlpnList, SetAlpnList),
    SSLCTX_BODY(setSessionStore, SetSessionStore),
    SSLCTX_BODY(isOwnSessionId, IsOwnSessionId),
    SSLCTX_BODY(setLenientVerify, SetLenientVerify),
    SSLCTX_BODY(setLenientVerifyOnSsl, SetLenientVerifyOnSsl),
    SSLCTX_BODY(mayResumeSession, MayResumeSession),
    SSLCTX_BODY(listen, Listen),
    SSLCTX_BODY(listenerConfigure, ListenerConfigure),
    SSLCTX_BODY(listenerAddress, ListenerAddress),
    SSLCTX_BODY(listenerDescriptor, ListenerDescriptor),
    SSLCTX_BODY(listenerClose, ListenerClose),
    SSLCTX_BODY(listenerFree, ListenerFree),
    SSLCTX_BODY(listenerChannels, ListenerChannels),
    SSLCTX_BODY(listenerPending, ListenerPending),
    SSLCTX_BODY(listenerRef, ListenerRef),
    SSLCTX_BODY(openChannel, OpenChannel),
    SSLCTX_BODY(channelSetObject, ChannelSetObject),
    SSLCTX_BODY(channelConnect, Connect),
    SSLCTX_BODY(channelSsl, ChannelSsl),
    SSLCTX_BODY(channelStart, ChannelStart),
    SSLCTX_BODY(channelSetEarlyData, ChannelSetEarlyData),
    SSLCTX_BODY(channelSetRoom, ChannelSetRoom),
    SSLCTX_BODY(channelIsEarly, ChannelIsEarly),
    SSLCTX_BODY(channelAge, ChannelAge),
    SSLCTX_BODY(channelRead, ChannelRead),
    SSLCTX_BODY(channelWrite, ChannelWrite),
    SSLCTX_BODY(channelShutdown, ChannelShutdown),
    SSLCTX_BODY(channelInput, ChannelInput),
    SSLCTX_BODY(channelResume, ChannelResume),
    SSLCTX_BODY(channelRenegotiate, ChannelRenegotiate),
    SSLCTX_BODY(channelIssueTicket, ChannelIssueTicket),
    SSLCTX_BODY(channelClose, ChannelClose),
    SSLCTX_BODY(channelAddress, ChannelAddress),
    SSLCTX_BODY(channelBytes, ChannelBytes),
    SSLCTX_BODY(channelTell, ChannelTell),
    SSLCTX_BODY(channelSetOption, ChannelSetOption),
};

}  // namespace

std::span<const Export> NetExports() { return kExports; }

}  // namespace sslctx
