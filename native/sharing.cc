// One SSL_CTX in several threads.
#include "sharing.h"

#include "call.h"
#include "callbacks.h"
#include "groups.h"
#include "net/channel.h"
#include "session_cache.h"
#include "shared_contexts.h"
#include "state.h"

namespace sslctx {

namespace {

/// How many messages are told in one turn of the loop before sockets have theirs.
constexpr int kMaxMessages = 256;

std::shared_ptr<Inbox> InboxOf(Addon& addon) {
  if (!addon.inbox) addon.inbox = Reactor::Of(addon).OpenInbox();
  return addon.inbox;
}

/// Sessions that other threads will see get their tag now: later on, none can be made safely.
void TagSessions(Addon& addon, const ContextState& state) {
  TagAllSessions();
  for (const CachedSession& each : AllCached(state)) SessionTag::Of(each.session.get());
  const auto tag = [&](const SSL* ssl) {
    const SSL_SESSION* const session = SSL_get_session(ssl);
    if (session != nullptr && SslState::Of(ssl).session_ctx == state.ctx) SessionTag::Of(session);
  };
  addon.handles.ForEach(Kind::kSsl, [&](const void* ssl) { tag(static_cast<const SSL*>(ssl)); });
  if (addon.reactor == nullptr) return;
  for (const auto& channel : addon.reactor->All()) {
    if (channel->ssl() != nullptr) tag(channel->ssl());
  }
}

/// Returns the number by which other threads can take it over.
Napi::Value Share(Call& call) {
  SSL_CTX* const ctx = call.Handle<SSL_CTX>(0);
  const ContextState& state = *ContextState::Of(ctx);
  if (!state.shared) ShareContext(call.addon(), ctx, InboxOf(call.addon()));
  return ToJs(call.env(), static_cast<double>(state.serial));
}

Napi::Value Adopt(Call& call) {
  const Napi::Env env = call.env();
  Addon& addon = call.addon();
  const auto serial = static_cast<std::uint64_t>(call.Get<Ranged<1, std::int64_t{1} << 52>>(0).value);
  shared_contexts::OwnedContext ctx = shared_contexts::Take(serial);
  if (!ctx) ThrowError(env, "ERR_SSLCTX_FREED", "no thread has this context any more");
  const ContextState& state = *ContextState::Of(ctx.get());
  if (const Napi::Value known = addon.handles.Find(env, ctx.get()); !known.IsEmpty()) return known;
  const Napi::Object record = Napi::Object::New(env);
  if (const auto view = state.ViewOf(addon)) {
    // Of a handle that is gone; connections may be left.
    napi_value before = nullptr;
    napi_get_reference_value(env, view->record, &before);
    if (before != nullptr) return addon.handles.Own(env, Kind::kSslCtx, ctx.release(), before);
    napi_delete_reference(env, view->record);
    view->record = nullptr;
    view->record = WeakRecord(env, record);
    view->wants_new = false;
    view->wants_removed = false;
  } else {
    JoinContext(addon, state, WeakRecord(env, record), InboxOf(addon));
  }
  return addon.handles.Own(env, Kind::kSslCtx, ctx.release(), record);
}

Napi::Value IsShared(Call& call) {
  return Napi::Boolean::New(call.env(), ContextState::Of(call.Handle<SSL_CTX>(0))->shared != nullptr);
}

constexpr Export kExports[] = {
    SSLCTX_BODY(shareContext, Share),
    SSLCTX_BODY(adoptContext, Adopt),
    SSLCTX_BODY(isSharedContext, IsShared),
};

}  // namespace

void ShareContext(Addon& addon, SSL_CTX* ctx, const std::shared_ptr<Inbox>& inbox) {
  ContextState& state = *ContextState::Of(ctx);
  auto shared = std::make_unique<SharedCache>();
  MarkShared(SSL_CTX_get_cert_store(ctx));
  TagSessions(addon, state);
  for (const CachedSession& each : AllCached(state)) shared->Fill(each.session.get(), each.number);
  auto views = std::make_shared<ContextViews>();
  views->Add(state.maker);
  state.maker->inbox = inbox;
  state.maker->all = std::move(views);
  state.maker->state = nullptr;
  state.shared = std::move(shared);
  // Always, to follow what is in the cache.
  SSL_CTX_sess_set_remove_cb(ctx, sslctx_on_remove_session);
  // Last: from here on any thread that knows, or guesses, the number has the context too.
  shared_contexts::Hold(ctx, state.serial);
}

void JoinContext(Addon& addon, const ContextState& state, napi_ref record, const std::shared_ptr<Inbox>& inbox) {
  auto view = std::make_shared<ContextView>(addon, record, nullptr);
  view->inbox = inbox;
  view->all = state.maker->all;
  addon.contexts.emplace(state.serial, view);
  view->all->Add(view);
}

void InboxReader::Run(Call& call) noexcept {
  Addon& addon = call.addon();
  for (int count = 0; count < kMaxMessages; ++count) {
    Inbox::Message message{};
    if (!inbox_->Take(&message)) break;
    if (message.what == Tidings::kEnd) {
      addon.Forget(message.context);
      continue;
    }
    const auto found = addon.contexts.find(message.context);
    if (found == addon.contexts.end()) continue;
    const std::shared_ptr<ContextView> view = found->second;
    call.Guard([&] {
      Tell(call, *view, message.what,
           [&] { return call.addon().handles.OwnSession(call.env(), message.session.release(), message.context); });
    });
  }
  if (const std::uint64_t lost = inbox_->TakeLost(); lost > 0) {
    // A copy: JavaScript may take over, and lose, others.
    std::vector<std::shared_ptr<ContextView>> views;
    for (const auto& [serial, view] : addon.contexts) views.push_back(view);
    for (const auto& view : views) {
      call.Guard(
          [&] { Tell(call, *view, Tidings::kLost, [&] { return ToJs(call.env(), static_cast<double>(lost)); }); });
    }
  }
  if (!inbox_->IsEmpty() && addon.reactor != nullptr) addon.reactor->ReadInbox();
}

template <typename Argument>
void InboxReader::Tell(Call& call, const ContextView& view, Tidings what, Argument argument) {
  if (call.addon().reactor == nullptr) return;
  call.addon().reactor->EnterJavaScript();
  const Napi::HandleScope scope(call.env());
  napi_value record = nullptr;
  napi_get_reference_value(call.env(), view.record, &record);
  if (record == nullptr) return;
  CallRecord(Napi::Object(call.env(), record), CallbackKind::kElsewhere,
             {ToJs(call.env(), static_cast<std::uint32_t>(what)), argument()});
}

std::span<const Export> SharingExports() { return kExports; }

}  // namespace sslctx
