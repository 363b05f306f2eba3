#include "outbox.h"

#include "addon.h"
#include "call.h"
#include "callbacks.h"
#include "context_views.h"
#include "net/reactor.h"

namespace sslctx {

void Outbox::QueueRemoved(const ContextView& view, std::uint64_t context, SSL_SESSION* session) noexcept {
  const Addon& addon = *view.addon;
  try {
    const Napi::HandleScope scope(addon.env());
    napi_value object = nullptr;
    napi_get_reference_value(addon.env(), view.record, &object);
    // Nobody can be listening when the record is gone.
    if (object == nullptr || SSL_SESSION_up_ref(session) != 1) return;
    OwnedSession own(session);
    napi_ref strong = nullptr;
    if (napi_create_reference(addon.env(), object, 1, &strong) != napi_ok) return;
    removed_.push_back({strong, std::move(own), context});
    // At the end of a call it is delivered; a finalizer that frees the last connection of a context has none.
    if (addon.current_call == nullptr && addon.reactor != nullptr) addon.reactor->DeliverLater();
  } catch (...) {
    // Out of memory: a notification is lost, which is better than an exception in libssl's frames.
  }
}

void Outbox::Deliver(Addon& addon, Call& call) {
  // Taken out first: what a callback causes by calls of its own is delivered inside of those, and no deeper.
  std::deque<Removed> batch;
  batch.swap(removed_);
  for (Removed& removed : batch) {
    const Napi::HandleScope scope(addon.env());
    napi_value value = nullptr;
    napi_get_reference_value(addon.env(), removed.record, &value);
    napi_delete_reference(addon.env(), removed.record);
    const Napi::Object record(addon.env(), value);
    call.Guard([&] {
      // Whose a session with a handle is, is known: SSL_CTX_remove_session tells also of one that was in no cache.
      Handles& handles = addon.handles;
      const bool has_handle = !handles.Find(addon.env(), removed.session.get()).IsEmpty();
      // A handle that lives owns all it needs: one more reference would keep the session when its owner has freed it.
      const Napi::Value session = has_handle ? handles.Borrow(addon.env(), Kind::kSslSession, removed.session.get())
                                             : handles.OwnSession(addon.env(), removed.session.release(), removed.home);
      CallRecord(record, CallbackKind::kRemoveSession, {record.Get("handle"), session});
    });
  }
}

void Outbox::Clear(Addon& addon) {
  for (const Removed& removed : removed_) napi_delete_reference(addon.env(), removed.record);
  removed_.clear();
}

}  // namespace sslctx
