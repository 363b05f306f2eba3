// The table behind all handles: an integer (slot and generation) stands for a C pointer, its type, and the references
// that the handle owns.
#pragma once

#include <napi.h>

#include <array>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "openssl.h"

namespace sslctx {

class Addon;
struct ContextState;

enum class Kind : std::uint8_t {
  kSslMethod,
  kSslCipher,
  kSslCtx,
  kSsl,
  kSslSession,
  kBio,
  kX509,
  kEvpPkey,
  kX509Store,
  kX509Crl,
  kPkcs12,
  kCount
};

inline constexpr std::size_t kKinds = static_cast<std::size_t>(Kind::kCount);

/// What the table needs to know of a C type. `bytes` is what one object costs outside of the JavaScript heap, about:
/// it is reported to the garbage collector.
struct KindTraits {
  const char* name;
  bool (*up_ref)(void* pointer);
  void (*free)(void* pointer);
  std::int64_t bytes;
};

const KindTraits& TraitsOf(Kind kind);

template <typename T>
inline constexpr Kind kKindOf = Kind::kCount;
template <>
inline constexpr Kind kKindOf<SSL_METHOD> = Kind::kSslMethod;
template <>
inline constexpr Kind kKindOf<SSL_CIPHER> = Kind::kSslCipher;
template <>
inline constexpr Kind kKindOf<SSL_CTX> = Kind::kSslCtx;
template <>
inline constexpr Kind kKindOf<SSL> = Kind::kSsl;
template <>
inline constexpr Kind kKindOf<SSL_SESSION> = Kind::kSslSession;
template <>
inline constexpr Kind kKindOf<BIO> = Kind::kBio;
template <>
inline constexpr Kind kKindOf<X509> = Kind::kX509;
template <>
inline constexpr Kind kKindOf<EVP_PKEY> = Kind::kEvpPkey;
template <>
inline constexpr Kind kKindOf<X509_STORE> = Kind::kX509Store;
template <>
inline constexpr Kind kKindOf<X509_CRL> = Kind::kX509Crl;
template <>
inline constexpr Kind kKindOf<PKCS12> = Kind::kPkcs12;

/// What is kept with the handle of a session, because room inside of the session is dear: see state.h.
struct SessionNote {
  /// Serial number of the context whose the session is, 0 as long as it is nobody's.
  std::uint64_t home : 63;
  /// Found complete by SSL_CTX_add_session; nothing can change that later.
  std::uint64_t is_complete : 1;

  void SetHome(std::uint64_t serial) { home = serial & (~std::uint64_t{0} >> 1); }
};

/// A session as an argument. The note is good until the next handle is made.
struct SessionHandle {
  SSL_SESSION* session;
  SessionNote& note;
};

/// A context as an argument.
struct ContextHandle {
  SSL_CTX* ctx;
  ContextState& state;
};

class Handles {
 public:
  explicit Handles(Addon& addon) : addon_(addon) {}
  Handles(const Handles&) = delete;
  Handles& operator=(const Handles&) = delete;

  /// The functions that make the JavaScript object for an integer, one for each kind.
  void SetFactories(const Napi::Array& factories);

  /// The pointer behind an integer from JavaScript.
  /// Throws ERR_SSLCTX_FREED, or ERR_INVALID_ARG_TYPE for a handle of another kind.
  void* Get(napi_env env, napi_value value, Kind kind, const char* function) const {
    std::int64_t id = 0;
    std::uint32_t slot = 0;
    if (napi_get_value_int64(env, value, &id) == napi_ok && SlotOf(id, &slot) && entries_[slot].Is(kind)) {
      return entries_[slot].pointer;
    }
    Refuse(env, value, kind, function);
  }

  /// As Get, with what is kept beside the pointer.
  SessionHandle GetSession(napi_env env, napi_value value, const char* function) {
    Entry& entry = entries_[Lookup(env, value, Kind::kSslSession, function)];
    return {static_cast<SSL_SESSION*>(entry.pointer), entry.note};
  }

  /// The same for an integer that came through the registers.
  void* Get(napi_env env, double id, Kind kind, const char* function) { return At(env, id, kind, function).pointer; }
  SessionHandle GetSession(napi_env env, double id, const char* function) {
    Entry& entry = At(env, id, Kind::kSslSession, function);
    return {static_cast<SSL_SESSION*>(entry.pointer), entry.note};
  }
  ContextHandle GetContext(napi_env env, napi_value value, const char* function) const {
    const Entry& entry = entries_[Lookup(env, value, Kind::kSslCtx, function)];
    return {static_cast<SSL_CTX*>(entry.pointer), *entry.context};
  }
  ContextHandle GetContext(napi_env env, double id, const char* function) {
    Entry& entry = At(env, id, Kind::kSslCtx, function);
    return {static_cast<SSL_CTX*>(entry.pointer), *entry.context};
  }

  /// The handle of `pointer`, which takes over one reference. The same pointer gives the same JavaScript object.
  Napi::Value Own(Napi::Env env, Kind kind, void* pointer, napi_value extra = nullptr);

  /// As Own, for a pointer that libssl goes on owning: takes a reference first.
  Napi::Value Borrow(Napi::Env env, Kind kind, void* pointer);

  /// Own and Borrow for a session that is the context's with the serial number `home`.
  Napi::Value OwnSession(Napi::Env env, SSL_SESSION* session, std::uint64_t home);
  Napi::Value BorrowSession(Napi::Env env, SSL_SESSION* session, std::uint64_t home);

  /// The live JavaScript object of `pointer`, or an empty value.
  Napi::Value Find(Napi::Env env, const void* pointer) const;

  /// One more owned reference (X_up_ref), one less (X_free).
  bool UpRef(napi_env env, napi_value value, Kind kind, const char* function);
  void Free(napi_env env, napi_value value, Kind kind, const char* function);

  /// Gives back everything, in an order that frees connections before what they use.
  void Close();

  /// Calls `visit` for the pointers of one kind. It must make and free no handles.
  template <typename Visit>
  void ForEach(Kind kind, Visit visit) const {
    for (const Entry& entry : entries_) {
      if (entry.pointer != nullptr && entry.Is(kind)) visit(entry.pointer);
    }
  }

  /// Live handles of each kind.
  std::array<std::uint32_t, kKinds> Live() const;

 private:
  static constexpr std::uint32_t kMostReferences = (1U << 28) - 1;
  static_assert(kKinds < 1U << 4);

  // Half a cache line.
  struct Entry {
    void* pointer = nullptr;
    napi_ref object = nullptr;
    union {
      /// Of an SSL_CTX.
      ContextState* context = nullptr;
      /// Of an SSL_SESSION.
      SessionNote note;
    };
    std::uint32_t generation = 0;
    /// Of a free slot: the next one.
    std::uint32_t references : 28 = 0;
    std::uint32_t kind : 4 = static_cast<std::uint32_t>(Kind::kCount);

    void SetKind(Kind other) { kind = static_cast<std::uint32_t>(other) & 0xFU; }
    void SetReferences(std::uint32_t count) { references = count & kMostReferences; }
    bool Is(Kind other) const { return kind == static_cast<std::uint32_t>(other); }
  };

  static void OnCollected(napi_env env, void* data, void* hint);

  static constexpr std::uint32_t kSlotBits = 24;
  static constexpr std::uint32_t kSlotMask = (1U << kSlotBits) - 1;
  // Slot and generation together stay below 2^53, which a JavaScript number holds exactly.
  static constexpr std::uint32_t kLastGeneration = (1U << (53 - kSlotBits)) - 1;

  std::int64_t IdOf(std::uint32_t slot) const;

  bool SlotOf(std::int64_t id, std::uint32_t* slot) const {
    *slot = static_cast<std::uint32_t>(id & kSlotMask);
    return *slot < entries_.size() && entries_[*slot].pointer != nullptr &&
           entries_[*slot].generation == id >> kSlotBits;
  }

  Entry& At(napi_env env, double id, Kind kind, const char* function) {
    // Also false for what is no number; a conversion out of range would be undefined.
    if (id >= 0 && id < 0x1p53) [[likely]] {
      std::uint32_t slot = 0;
      if (SlotOf(static_cast<std::int64_t>(id), &slot) && entries_[slot].Is(kind)) [[likely]]
        return entries_[slot];
    }
    Refuse(env, id, kind, function);
  }

  std::uint32_t Lookup(napi_env env, napi_value value, Kind kind, const char* function) const;
  [[noreturn]] void Refuse(napi_env env, napi_value value, Kind kind, const char* function) const;
  [[noreturn]] void Refuse(napi_env env, double id, Kind kind, const char* function) const;
  void SetHome(const void* session, std::uint64_t home);
  std::uint32_t Take(Napi::Env env);
  void Retire(std::uint32_t slot);
  void Sweep(Napi::Env env);
  void Report(std::int64_t bytes);

  Addon& addon_;
  std::vector<Entry> entries_ = std::vector<Entry>(1);  // slot 0 is never used: 0 stands for NULL
  std::unordered_map<const void*, std::uint32_t> slots_;
  std::array<Napi::FunctionReference, kKinds> factories_;
  std::uint32_t free_ = 0;
  std::size_t live_ = 0;
  std::size_t made_since_sweep_ = 0;
  std::size_t sweep_after_ = 4096;
  std::int64_t unreported_bytes_ = 0;
};

}  // namespace sslctx
