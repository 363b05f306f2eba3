// What the binding keeps with libssl's objects, in their ex_data.
#pragma once

#include <napi.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "context_views.h"
#include "handles.h"
#include "insertion_order.h"
#include "openssl.h"
#include "removed_ids.h"
#include "shared_cache.h"

namespace sslctx {

class Addon;
class Call;
class Channel;
class SessionIds;
class TicketRing;

/// With an SSL_SESSION, where its handle's note (handles.h) does not suffice.
///
/// libssl links a session into one context's list by pointers inside of the session: in a second context's list it
/// corrupts the first. So a session is told once and for all whose it is, and is never un-told, because libssl replaces
/// equal sessions without a callback. Who has a home is frozen as well: setters would change what others share.
///
/// ex_data takes 144 bytes and more with each session: most sessions must do without. A session whose handle is gone
/// comes back by way of a context's cache or of its connections, which tells whose it is; only one that JavaScript has
/// given to a connection needs a tag, for it comes back by way of contexts that are not its own.
struct SessionTag {
  /// Serial number of the context, 0 for none yet.
  std::atomic<std::uint64_t> home{0};
  /// The context of the client connection whose handshake made it, 0 for one that was read or put together.
  std::atomic<std::uint64_t> maker{0};
  /// Shared with libssl or another holder.
  std::atomic<bool> frozen{false};
  /// libssl has told that it has removed it from a cache of several threads.
  std::atomic<bool> was_removed{false};
  /// Inside of the callback that may set the application data of the ticket being made.
  std::atomic<bool> ticket_open{false};

  /// Null for most.
  static SessionTag* Find(const SSL_SESSION* session);
  /// Makes one where there is none.
  static SessionTag& Of(const SSL_SESSION* session);
};

/// With each SSL_CTX made here.
struct ContextState {
  /// The one that this is with; without a reference.
  SSL_CTX* ctx;
  /// Never used twice in a process.
  std::uint64_t serial;
  /// The environment that made it.
  std::shared_ptr<ContextView> maker;
  /// From when on several threads have it (sharing.cc): then nothing here changes but what has a lock of its own.
  std::unique_ptr<SharedCache> shared;
  /// What SSL_CTX_set_session_id_context was given: libssl does not tell.
  std::vector<std::uint8_t> id_context;
  /// The protocols of a server, each behind its length, best first.
  std::vector<std::uint8_t> alpn;
  /// The sessions that JavaScript removed last; null before the first, and unused where there is `shared`.
  std::unique_ptr<RemovedIds> removed;
  /// The keys of its stateless tickets; null when libssl has them.
  std::shared_ptr<TicketRing> ring;
  /// How IDs are made where a store outside of the process keeps the sessions; null where libssl makes them. Its keys
  /// may change while connections use them.
  std::shared_ptr<const SessionIds> Ids() const;
  void SetIds(std::shared_ptr<const SessionIds> ids);
  bool has_store = false;
  /// Ready for the sockets of a server; its connections tell their keys.
  bool serves = false;
  bool logs_keys = false;
  /// The setters of the C callbacks that are there.
  std::set<std::uintptr_t> callbacks;
  /// Of the sessions in the cache; unused where there is `shared`.
  InsertionOrder order;

  ContextState(Addon& owner, SSL_CTX* context, napi_ref record, std::uint64_t number);
  ~ContextState();
  ContextState(const ContextState&) = delete;
  ContextState& operator=(const ContextState&) = delete;

  /// The part that an environment has in it; null when it has none.
  std::shared_ptr<ContextView> ViewOf(const Addon& addon) const { return shared ? maker->all->Of(addon) : maker; }
  /// That one's callback record; null without one.
  napi_ref RecordFor(const Addon& addon) const;

  static void Attach(SSL_CTX* ctx, Addon& addon, napi_ref record);
  /// Null when the context was not made here (a shared libssl's other user).
  static ContextState* Of(const SSL_CTX* ctx);

 private:
  mutable std::mutex ids_mutex_;
  std::shared_ptr<const SessionIds> ids_;
};

/// With each SSL made here.
struct SslState {
  Addon* addon;
  napi_ref record;
  /// The context of SSL_new: caches and ticket keys stay its own, also after SSL_set_SSL_CTX. The SSL keeps it alive.
  SSL_CTX* session_ctx;
  /// The socket that it runs on; null for one on BIOs of JavaScript's.
  Channel* channel = nullptr;
  /// Inside of libssl.
  int busy = 0;
  /// A server for certain: by its method, or by SSL_set_accept_state.
  bool accepts = false;
  /// Inside of a callback in which libssl expects SSL_set_SSL_CTX.
  bool may_switch = false;
  /// The first that is wrong with a certificate that is accepted nevertheless: an X509_V_ERR_* number.
  int verify_error = 0;
  bool has_last_error = false;
  int last_error = 0;
  /// What the ALPN callback chose, until libssl has copied it.
  std::vector<std::uint8_t> selected_alpn;
  /// What the pre-shared key callback offers, until libssl has copied it.
  std::vector<std::uint8_t> psk_identity;
  /// By which its tickets can be revoked; empty until it is set, or until the first ticket.
  std::string ticket_label;
  bool ticket_label_issued = false;

  static void Attach(SSL* ssl, Addon& addon, napi_ref record, SSL_CTX* session_ctx);
  static SslState& Of(const SSL* ssl);
};

/// libssl's table of the cached sessions: only of a context that one thread alone uses.
inline OPENSSL_LHASH* TableOf(SSL_CTX* ctx) { return reinterpret_cast<OPENSSL_LHASH*>(SSL_CTX_sessions(ctx)); }

/// The handle of a connection that native code has made; it is made at first use.
Napi::Value BorrowSsl(Addon& addon, SSL* ssl);

/// Objects alive in the process, counted by libssl's own new and free callbacks.
struct LiveObjects {
  std::int64_t contexts;
  std::int64_t connections;
  std::int64_t sessions;
};
LiveObjects CountLive();

/// A session that the binding itself uses to look up others; not counted among the live ones.
OwnedSession MakeLookupKey();
void DropLookupKey(OwnedSession key);

/// From now on each new session has its tag from the beginning: one that other threads see must not get one later.
void TagAllSessions();

/// The store of certificates of a context that several threads have: its objects have a lock, its flags do not. For
/// good, because handles of the store outlive the context.
void MarkShared(X509_STORE* store);
bool IsShared(const X509_STORE* store);

/// Registers the ex_data indexes; once a process, because they cannot be given back.
void RegisterState();

/// What libssl needs of a session and this one has not got, or null. A session for a pre-shared key needs no ID.
const char* MissingPartOf(const SSL_SESSION* session, bool needs_id = true);

/// Throws ERR_SSLCTX_SESSION_INCOMPLETE where libssl would crash on the session or could never evict it.
void RequireComplete(Napi::Env env, const char* function, const SSL_SESSION* session, bool needs_id = true);

/// Serial number of the context whose the session is, 0 for none.
std::uint64_t HomeOf(const SessionHandle& session);

/// Makes the session the context's, for good. Throws ERR_SSLCTX_SESSION_FOREIGN when it is another's already.
void Claim(Napi::Env env, const char* function, const ContextState& state, const SessionHandle& session);

/// For a session that JavaScript gives to a connection: freezes it, and makes the tag by which it is known from there.
void Share(const SessionHandle& session);

/// For a session that comes from a connection: freezes it, and returns whose it is. Where it was nobody's, it is the
/// connection's own context's from here on.
std::uint64_t ClaimFromConnection(const SSL* ssl, SSL_SESSION* session);

/// Throws ERR_SSLCTX_SESSION_FROZEN.
[[noreturn]] void RefuseChange(Napi::Env env, const char* function);

/// Throws that when others have the session, too.
void RequirePrivate(Napi::Env env, const char* function, const SessionHandle& session);

}  // namespace sslctx
