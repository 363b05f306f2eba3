// The keys of stateless tickets on machines that share them, and the tickets that are no longer accepted.
#pragma once

#include <napi.h>

#include <cstdint>
#include <ctime>
#include <limits>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "openssl.h"
#include "ticket_keys.h"

namespace sslctx {

/// What SSL_CTX_set_tlsext_ticket_key_evp_cb and SSL_CTX_set_session_ticket_cb ask, without JavaScript. Times are
/// seconds since the epoch.
///
/// Of several threads, where their context has it: every function takes the ring's lock.
///
/// Keys come from sources: a key as it is, or a secret, from which each period has its own key: all machines change
/// keys together, and tell each other nothing. One source issues, the others are accepted until their tickets are over.
class TicketRing {
 public:
  static constexpr napi_type_tag kTag{0x5f20b8e66c1d4a97, 0x8b3ed7710a4c92f5};
  static constexpr const char* kName = "ticket key ring";

  static constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();
  /// A name and two keys, in the order of SSL_CTX_set_tlsext_ticket_keys and of nginx's files.
  static constexpr std::size_t kKeyLength = 80;
  /// Periods of one secret that are accepted at one time.
  static constexpr std::int64_t kMaxPeriods = 256;

  struct Settings {
    /// A period of a secret.
    std::int64_t rotate_every;
    /// For how long tickets are accepted after their key has issued its last.
    std::int64_t lifetime;
    std::size_t max_revocations;
  };

  struct Counts {
    double issued = 0;
    double accepted = 0;
    double renewed = 0;
    double unknown = 0;
    double revoked = 0;
  };

  explicit TicketRing(const Settings& settings) : settings_(settings) {}
  ~TicketRing();
  TicketRing(const TicketRing&) = delete;
  TicketRing& operator=(const TicketRing&) = delete;

  /// By its own clock.
  std::int64_t Time() const;
  void SetClockOffset(std::int64_t seconds);
  std::int64_t clock_offset() const;

  /// From `issue_from` on it issues, and those before it are accepted for their lifetime; kNever: it is accepted only.
  /// False for a time before that of a source that is there.
  bool Add(std::vector<std::uint8_t> material, bool is_secret, std::int64_t issue_from);

  /// Keys that are accepted now, 80 bytes each, the one that issues first.
  std::vector<std::uint8_t> Keys();

  /// As the C callback: -1, 0 (no key), 1, 2 (renew).
  int UseKey(const SSL* ssl, const TicketKeyRequest& request);

  /// Tickets with this label are refused until then; kNever: as long as one can be decrypted. False when the list is
  /// full.
  bool Revoke(const std::string& label, std::int64_t until);
  bool IsRevoked(const std::string& label);
  /// A ticket of this label is being made; a connection may outlive the revocation of its label.
  void OnIssue(const std::string& label);

  /// A ticket has been refused for it.
  void CountRevoked();

  std::unordered_map<std::string, std::int64_t> revocations() const;
  Counts counts() const;

 private:
  struct Source {
    std::vector<std::uint8_t> material;
    bool is_secret;
    std::int64_t issue_from;
    /// When another one takes over.
    std::int64_t retire_at;
  };
  struct Key {
    std::uint8_t bytes[kKeyLength];
    std::size_t source;
    std::int64_t period;
    std::int64_t accept_until;
  };

  std::int64_t Now() const { return static_cast<std::int64_t>(std::time(nullptr)) + clock_offset_; }
  std::int64_t PeriodOf(std::int64_t time) const { return time / settings_.rotate_every; }
  /// The longest that a ticket made now can be decrypted.
  std::int64_t LastAcceptance() const;
  bool Refresh();
  bool Derive(const Source& source, std::int64_t period, Key* key) const;
  void Forget();
  const Key* Issuing() const;
  const Key* Find(const unsigned char* name) const;

  mutable std::mutex mutex_;
  Settings settings_;
  Counts counts_;
  std::int64_t clock_offset_ = 0;
  std::vector<Source> sources_;
  /// Of all sources, for the time `now_`.
  std::vector<Key> keys_;
  std::int64_t now_ = 0;
  std::int64_t period_ = -1;
  std::unordered_map<std::string, std::int64_t> revocations_;
};

/// The label in a ticket's application data; empty when there is none.
std::string LabelOf(const SSL_SESSION* session);

/// Whether `ctx` has a ring that refuses this ticket.
bool IsRevokedTicket(SSL_CTX* ctx, const SSL_SESSION* session);

/// The callback that asks the ring of a connection's context for keys.
int OnTicketKey(SSL* ssl, unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* mac,
                int encrypt) noexcept;

/// The callback that labels the tickets of a context with a ring.
int LabelTicket(SSL* ssl, void* arg) noexcept;

}  // namespace sslctx
