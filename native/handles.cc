#include "handles.h"

#include <algorithm>
#include <string>

#include "addon.h"
#include "errors.h"
#include "shared_contexts.h"
#include "state.h"

namespace sslctx {

namespace {

constexpr std::int64_t kKiB = 1024;
constexpr std::int64_t kReportStep = 64 * kKiB;

template <typename T, int (*UpRef)(T*), void (*Free)(T*)>
constexpr KindTraits Counted(const char* name, std::int64_t bytes) {
  return {name, [](void* pointer) { return UpRef(static_cast<T*>(pointer)) == 1; },
          [](void* pointer) { Free(static_cast<T*>(pointer)); }, bytes};
}

// PKCS12 has no reference count.
template <typename T>
int NoUpRef(T*) {
  return 0;
}

constexpr KindTraits Static(const char* name) {
  return {name, [](void*) { return true; }, [](void*) {}, 0};
}

// Measured on OpenSSL 3.0 and rounded; certificates and tickets inside a session are not counted.
constexpr KindTraits kTraits[kKinds] = {
    Static("SSL_METHOD"),
    Static("SSL_CIPHER"),
    Counted<SSL_CTX, SSL_CTX_up_ref, SSL_CTX_free>("SSL_CTX", 64 * kKiB),
    Counted<SSL, SSL_up_ref, SSL_free>("SSL", 32 * kKiB),
    Counted<SSL_SESSION, SSL_SESSION_up_ref, SSL_SESSION_free>("SSL_SESSION", 1024),
    Counted<BIO, BIO_up_ref, BIO_vfree>("BIO", 512),
    Counted<X509, X509_up_ref, X509_free>("X509", 4 * kKiB),
    Counted<EVP_PKEY, EVP_PKEY_up_ref, EVP_PKEY_free>("EVP_PKEY", 2 * kKiB),
    Counted<X509_STORE, X509_STORE_up_ref, X509_STORE_free>("X509_STORE", 2 * kKiB),
    Counted<X509_CRL, X509_CRL_up_ref, X509_CRL_free>("X509_CRL", 2 * kKiB),
    Counted<PKCS12, NoUpRef<PKCS12>, PKCS12_free>("PKCS12", 4 * kKiB),
};

void HoldShared(SSL_CTX* ctx) {
  const ContextState* const state = ContextState::Of(ctx);
  if (state != nullptr && state->shared) shared_contexts::Hold(ctx, state->serial);
}

}  // namespace

const KindTraits& TraitsOf(Kind kind) { return kTraits[static_cast<std::size_t>(kind)]; }

void Handles::SetFactories(const Napi::Array& factories) {
  for (std::uint32_t kind = 0; kind < kKinds; ++kind) {
    factories_[kind] = Napi::Persistent(factories.Get(kind).As<Napi::Function>());
  }
}

std::int64_t Handles::IdOf(std::uint32_t slot) const {
  return (std::int64_t{entries_[slot].generation} << kSlotBits) | slot;
}

void Handles::Refuse(napi_env env, napi_value value, Kind kind, const char* function) const {
  const std::string subject = std::string(function) + ": ";
  std::int64_t id = 0;
  std::uint32_t slot = 0;
  if (napi_get_value_int64(env, value, &id) == napi_ok && !SlotOf(id, &slot)) {
    ThrowError(env, "ERR_SSLCTX_FREED", subject + "the " + TraitsOf(kind).name + " has been freed");
  }
  ThrowTypeError(env, "ERR_INVALID_ARG_TYPE", subject + "expected a handle of type " + TraitsOf(kind).name);
}

void Handles::Refuse(napi_env env, double id, Kind kind, const char* function) const {
  napi_value value = nullptr;
  napi_create_double(env, id, &value);
  Refuse(env, value, kind, function);
}

std::uint32_t Handles::Lookup(napi_env env, napi_value value, Kind kind, const char* function) const {
  std::int64_t id = 0;
  std::uint32_t slot = 0;
  if (napi_get_value_int64(env, value, &id) == napi_ok && SlotOf(id, &slot) && entries_[slot].Is(kind)) return slot;
  Refuse(env, value, kind, function);
}

std::uint32_t Handles::Take(Napi::Env env) {
  if (++made_since_sweep_ >= sweep_after_) Sweep(env);
  if (free_ != 0) {
    const std::uint32_t slot = free_;
    free_ = entries_[slot].references;
    return slot;
  }
  if (entries_.size() > kSlotMask) {
    ThrowError(env, "ERR_SSLCTX_TOO_MANY_HANDLES", "16,777,215 handles are in use: free those that are not needed");
  }
  entries_.emplace_back();
  return static_cast<std::uint32_t>(entries_.size() - 1);
}

Napi::Value Handles::Own(Napi::Env env, Kind kind, void* pointer, napi_value extra) {
  const KindTraits& traits = TraitsOf(kind);
  struct Guard {
    const KindTraits& traits;
    void* pointer;
    ~Guard() {
      if (pointer != nullptr) traits.free(pointer);
    }
  } guard{traits, pointer};

  if (const auto found = slots_.find(pointer); found != slots_.end()) {
    Entry& entry = entries_[found->second];
    napi_value object = nullptr;
    napi_get_reference_value(env, entry.object, &object);
    if (object != nullptr) {
      if (entry.references == kMostReferences) ThrowError(env, "ERR_SSLCTX_STATE", "too many references to one handle");
      ++entry.references;
      guard.pointer = nullptr;
      return Napi::Value(env, object);
    }
    // Collected, and its finalizer still waits: what it owned is given back now, a new object takes its place.
    Retire(found->second);
  }

  const std::uint32_t slot = Take(env);
  Napi::Value object;
  napi_ref reference = nullptr;
  try {
    const Napi::Number id = Napi::Number::New(env, static_cast<double>(IdOf(slot)));
    object = factories_[static_cast<std::size_t>(kind)].Call({id, extra == nullptr ? env.Undefined() : extra});
    const napi_status status =
        napi_add_finalizer(env, object, reinterpret_cast<void*>(IdOf(slot)), OnCollected, this, &reference);
    if (status != napi_ok) throw Napi::Error::New(env);
    slots_.emplace(pointer, slot);
    if (kind == Kind::kSslCtx) HoldShared(static_cast<SSL_CTX*>(pointer));
  } catch (...) {
    if (reference != nullptr) napi_delete_reference(env, reference);
    slots_.erase(pointer);
    entries_[slot].SetReferences(free_);
    free_ = slot;
    throw;
  }
  Entry& entry = entries_[slot];
  entry.pointer = pointer;
  entry.object = reference;
  entry.references = 1;
  entry.SetKind(kind);
  if (kind == Kind::kSslSession) entry.note = {};
  if (kind == Kind::kSslCtx) entry.context = ContextState::Of(static_cast<SSL_CTX*>(pointer));
  ++live_;
  guard.pointer = nullptr;
  Report(traits.bytes);
  return object;
}

Napi::Value Handles::Borrow(Napi::Env env, Kind kind, void* pointer) {
  if (pointer == nullptr) return env.Null();
  // A handle that lives already owns all it needs; another reference would only have to be given back twice.
  if (const Napi::Value object = Find(env, pointer); !object.IsEmpty()) return object;
  if (!TraitsOf(kind).up_ref(pointer)) ThrowError(env, "ERR_SSLCTX_STATE", "the reference count cannot be raised");
  return Own(env, kind, pointer);
}

void Handles::SetHome(const void* session, std::uint64_t home) {
  SessionNote& note = entries_[slots_.at(session)].note;
  if (note.home == 0) note.SetHome(home);
}

Napi::Value Handles::OwnSession(Napi::Env env, SSL_SESSION* session, std::uint64_t home) {
  const Napi::Value object = Own(env, Kind::kSslSession, session);
  SetHome(session, home);
  return object;
}

Napi::Value Handles::BorrowSession(Napi::Env env, SSL_SESSION* session, std::uint64_t home) {
  const Napi::Value object = Borrow(env, Kind::kSslSession, session);
  if (session != nullptr) SetHome(session, home);
  return object;
}

Napi::Value Handles::Find(Napi::Env env, const void* pointer) const {
  const auto found = slots_.find(pointer);
  if (found == slots_.end()) return Napi::Value();
  napi_value object = nullptr;
  napi_get_reference_value(env, entries_[found->second].object, &object);
  return Napi::Value(env, object);
}

bool Handles::UpRef(napi_env env, napi_value value, Kind kind, const char* function) {
  Entry& entry = entries_[Lookup(env, value, kind, function)];
  if (entry.references == kMostReferences || !TraitsOf(kind).up_ref(entry.pointer)) return false;
  ++entry.references;
  return true;
}

void Handles::Free(napi_env env, napi_value value, Kind kind, const char* function) {
  const std::uint32_t slot = Lookup(env, value, kind, function);
  Entry& entry = entries_[slot];
  if (entry.references > 1) {
    --entry.references;
    TraitsOf(kind).free(entry.pointer);
    return;
  }
  Retire(slot);
}

void Handles::Retire(std::uint32_t slot) {
  Entry& entry = entries_[slot];
  const KindTraits& traits = TraitsOf(static_cast<Kind>(entry.kind));
  void* const pointer = entry.pointer;
  const std::uint32_t references = entry.references;
  const ContextState* const context = entry.Is(Kind::kSslCtx) ? entry.context : nullptr;
  const std::uint64_t shared = context != nullptr && context->shared ? context->serial : 0;
  slots_.erase(pointer);
  // Deleting the reference also takes back a finalizer that has not run yet.
  napi_delete_reference(addon_.env(), entry.object);
  const std::uint32_t generation = entry.generation;
  entry = Entry{};
  entry.generation = generation + 1;
  if (generation < kLastGeneration) {
    entry.SetReferences(free_);
    free_ = slot;
  }
  --live_;
  Report(-traits.bytes);
  // Last, because a callback of libssl may look into the table.
  for (std::uint32_t i = 0; i < references; ++i) traits.free(pointer);
  if (shared != 0) shared_contexts::Release(shared);
}

void Handles::OnCollected(napi_env, void* data, void* hint) {
  auto* handles = static_cast<Handles*>(hint);
  std::uint32_t slot = 0;
  if (!handles->SlotOf(reinterpret_cast<std::intptr_t>(data), &slot)) return;
  handles->Retire(slot);
  ErrorQueue::ClearThread();
}

// Node runs finalizers from the event loop, so a loop in JavaScript that never yields would pile up garbage. Each time
// that the number of handles has doubled, those whose objects are gone are given back here and now.
void Handles::Sweep(Napi::Env env) {
  for (std::uint32_t first = 1; first < entries_.size(); first += 1024) {
    const Napi::HandleScope scope(env);
    const auto end = std::min<std::size_t>(entries_.size(), first + std::size_t{1024});
    for (std::uint32_t slot = first; slot < end; ++slot) {
      if (entries_[slot].pointer == nullptr) continue;
      napi_value object = nullptr;
      napi_get_reference_value(env, entries_[slot].object, &object);
      if (object == nullptr) Retire(slot);
    }
  }
  made_since_sweep_ = 0;
  sweep_after_ = std::max<std::size_t>(4096, live_);
}

void Handles::Report(std::int64_t bytes) {
  unreported_bytes_ += bytes;
  if (unreported_bytes_ < kReportStep && unreported_bytes_ > -kReportStep) return;
  Napi::MemoryManagement::AdjustExternalMemory(addon_.env(), unreported_bytes_);
  unreported_bytes_ = 0;
}

void Handles::Close() {
  constexpr Kind kOrder[] = {Kind::kSsl,    Kind::kSslSession, Kind::kSslCtx,    Kind::kBio,
                             Kind::kX509,   Kind::kEvpPkey,    Kind::kX509Store, Kind::kX509Crl,
                             Kind::kPkcs12, Kind::kSslMethod,  Kind::kSslCipher};
  static_assert(std::size(kOrder) == kKinds);
  for (const Kind kind : kOrder) {
    for (std::uint32_t slot = 1; slot < entries_.size(); ++slot) {
      if (entries_[slot].pointer != nullptr && entries_[slot].Is(kind)) Retire(slot);
    }
  }
  for (Napi::FunctionReference& factory : factories_) factory.Reset();
}

std::array<std::uint32_t, kKinds> Handles::Live() const {
  std::array<std::uint32_t, kKinds> live{};
  for (const Entry& entry : entries_) {
    if (entry.pointer != nullptr) ++live[static_cast<std::size_t>(entry.kind)];
  }
  return live;
}

}  // namespace sslctx
