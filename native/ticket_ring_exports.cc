// What src/capi/ticket_ring.ts calls.

#include "boxed.h"
#include "callbacks.h"
#include "groups.h"
#include "state.h"
#include "ticket_ring.h"

namespace sslctx {

namespace {

/// The contexts that use a ring hold it, too.
struct SharedRing {
  static constexpr napi_type_tag kTag = TicketRing::kTag;
  static constexpr const char* kName = TicketRing::kName;
  std::shared_ptr<TicketRing> ring;
};

using Period = Ranged<1, std::int64_t{366} * 86'400>;

std::shared_ptr<TicketRing>& RingOf(const Call& call, std::size_t index) {
  return Boxed<SharedRing>::From(call, index).ring;
}

Napi::Value New(Call& call) {
  const std::int64_t rotate_every = call.Get<Period>(0);
  const std::int64_t lifetime = call.Get<Period>(1);
  const auto max_revocations = static_cast<std::size_t>(call.Get<Ranged<0, 1 << 24>>(2).value);
  if (lifetime / rotate_every > TicketRing::kMaxPeriods) {
    ThrowRangeError(call.env(), std::string(call.name()) + ": a lifetime of more than 256 periods");
  }
  const TicketRing::Settings settings{rotate_every, lifetime, max_revocations};
  return Boxed<SharedRing>::New(call.env(), std::make_unique<SharedRing>(std::make_shared<TicketRing>(settings)));
}

/// Argument 3: from when on it issues; null for never.
Napi::Value Add(Call& call) {
  TicketRing& ring = *RingOf(call, 0);
  const bool is_secret = call[2].ToBoolean();
  const std::int64_t issue_from = call[3].IsNull() ? TicketRing::kNever : call.Get<Seconds>(3).value;
  CopiedBytes bytes = call.Get<CopiedBytes>(1);
  if (is_secret ? bytes.size() < 32 : bytes.size() != TicketRing::kKeyLength) {
    OPENSSL_cleanse(bytes.data(), bytes.size());
    ThrowRangeError(call.env(), std::string(call.name()) + ": a key has 80 bytes, a secret at least 32");
  }
  return Napi::Boolean::New(call.env(), ring.Add(std::move(bytes), is_secret, issue_from));
}

Napi::Value Keys(Call& call) {
  std::vector<std::uint8_t> keys = RingOf(call, 0)->Keys();
  const Napi::Value bytes = ToJs(call.env(), keys.data(), keys.size());
  OPENSSL_cleanse(keys.data(), keys.size());
  return bytes;
}

Napi::Value Now(Call& call) { return ToJs(call.env(), static_cast<double>(RingOf(call, 0)->Time())); }

Napi::Value ClockOffset(Call& call) { return ToJs(call.env(), static_cast<double>(RingOf(call, 0)->clock_offset())); }

Napi::Value SetClockOffset(Call& call) {
  constexpr std::int64_t kCentury = std::int64_t{100} * 366 * 86'400;
  RingOf(call, 0)->SetClockOffset(call.Get<Ranged<-kCentury, kCentury>>(1));
  return call.env().Undefined();
}

Napi::Value Revoke(Call& call) {
  const auto label = call.Get<std::string>(1);
  const std::int64_t until = call[2].IsNull() ? TicketRing::kNever : call.Get<Seconds>(2).value;
  return Napi::Boolean::New(call.env(), RingOf(call, 0)->Revoke(label, until));
}

Napi::Value IsRevoked(Call& call) {
  return Napi::Boolean::New(call.env(), RingOf(call, 0)->IsRevoked(call.Get<std::string>(1)));
}

Napi::Value Revocations(Call& call) {
  const auto revocations = RingOf(call, 0)->revocations();
  const std::int64_t now = RingOf(call, 0)->Time();
  Napi::Array result = Napi::Array::New(call.env());
  for (const auto& [label, until] : revocations) {
    if (until <= now) continue;
    const Napi::HandleScope scope(call.env());
    Napi::Object entry = Napi::Object::New(call.env());
    entry.Set("label", label);
    entry.Set("until",
              until == TicketRing::kNever ? call.env().Undefined() : ToJs(call.env(), static_cast<double>(until)));
    result.Set(result.Length(), entry);
  }
  return result;
}

Napi::Value Stats(Call& call) {
  const TicketRing::Counts counts = RingOf(call, 0)->counts();
  Napi::Object result = Napi::Object::New(call.env());
  result.Set("issued", counts.issued);
  result.Set("accepted", counts.accepted);
  result.Set("renewed", counts.renewed);
  result.Set("unknown", counts.unknown);
  result.Set("revoked", counts.revoked);
  return result;
}

Napi::Value Use(Call& call) {
  SSL_CTX* const ctx = call.Handle<SSL_CTX>(0);
  ContextState::Of(ctx)->ring = RingOf(call, 1);
  SSL_CTX_set_tlsext_ticket_key_evp_cb(ctx, OnTicketKey);
  SSL_CTX_set_session_ticket_cb(ctx, LabelTicket, sslctx_on_ticket_decrypt, nullptr);
  return call.env().Undefined();
}

/// The ring of a context; null without one. Other threads have the same.
Napi::Value RingOfContext(Call& call) {
  const ContextState& state = *ContextState::Of(call.Handle<SSL_CTX>(0));
  if (!state.ring) return call.env().Null();
  return Boxed<SharedRing>::New(call.env(), std::make_unique<SharedRing>(state.ring));
}

std::string LabelNow(SSL* ssl) {
  const SslState& state = SslState::Of(ssl);
  const SSL_SESSION* const session = SSL_get_session(ssl);
  if (session == nullptr) return state.ticket_label;
  // A client of TLS 1.2 that resumed and got no other ticket goes on with the one that it came with.
  const bool keeps_ticket = SSL_is_init_finished(ssl) == 1 && SSL_version(ssl) != TLS1_3_VERSION &&
                            SSL_session_reused(ssl) == 1 && !state.ticket_label_issued;
  return state.ticket_label.empty() || keeps_ticket ? LabelOf(session) : state.ticket_label;
}

/// What src/capi/ticket_ring.ts has names for.
enum class Labelling : std::uint8_t { kDone, kTooLate, kNoRing };

Napi::Value ToJs(Napi::Env env, Labelling result) { return sslctx::ToJs(env, static_cast<std::uint32_t>(result)); }

/// Too late: a ticket has gone out with another label, or none can go out any more.
Napi::Value SetLabel(Call& call) {
  SSL* const ssl = call.Handle<SSL>(0);
  const auto label = call.Get<std::string>(1);
  SslState& state = SslState::Of(ssl);
  const ContextState* const context = ContextState::Of(state.session_ctx);
  if (context == nullptr || !context->ring) return ToJs(call.env(), Labelling::kNoRing);
  const bool is_too_late = SSL_is_init_finished(ssl) == 1 && SSL_version(ssl) != TLS1_3_VERSION;
  const bool is_issued = state.ticket_label_issued && state.ticket_label != label;
  if (is_too_late || is_issued) {
    return ToJs(call.env(), LabelNow(ssl) == label ? Labelling::kDone : Labelling::kTooLate);
  }
  state.ticket_label = label;
  return ToJs(call.env(), Labelling::kDone);
}

Napi::Value GetLabel(Call& call) {
  const std::string label = LabelNow(call.Handle<SSL>(0));
  return label.empty() ? call.env().Undefined() : Napi::String::New(call.env(), label).As<Napi::Value>();
}

constexpr Export kExports[] = {
    SSLCTX_BODY(ringNew, New),
    SSLCTX_BODY(ringAdd, Add),
    SSLCTX_BODY(ringKeys, Keys),
    SSLCTX_BODY(ringNow, Now),
    SSLCTX_BODY(ringOfContext, RingOfContext),
    SSLCTX_BODY(ringClockOffset, ClockOffset),
    SSLCTX_BODY(ringUse, Use),
    SSLCTX_BODY(ringSetClockOffset, SetClockOffset),
    SSLCTX_BODY(ringRevoke, Revoke),
    SSLCTX_BODY(ringIsRevoked, IsRevoked),
    SSLCTX_BODY(ringStats, Stats),
    SSLCTX_BODY(ringRevocations, Revocations),
    SSLCTX_BODY(setTicketLabel, SetLabel),
    SSLCTX_BODY(ticketLabel, GetLabel),
};

}  // namespace

std::span<const Export> TicketRingExports() { return kExports; }

}  // namespace sslctx
