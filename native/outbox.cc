#include "outbox.h"

#include "addon.h"
#include "call.h"
#include "callbacks.h"
#include "context_views.h"

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
      SSL_SESSION* const own = removed.session.release();
      const Napi::Value session = has_handle ? handles.Own(addon.env(), Kind::kSslSession, own)
                                             : handles.OwnSession(addon.env(), own, removed.home);
      CallRecord(record, CallbackKind::kRemoveSession, {record.Get("handle"), session});
    });
  }
}

void Outbox::Clear(Addon& addon) {
  for (const Removed& removed : removed_) napi_delete_reference(addon.env(), removed.record);
  removed_.clear();
}

}  // namespace sslctx
