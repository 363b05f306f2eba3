#include "reactor.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <stdexcept>

#include "../sharing.h"
#include "channel.h"
#include "listener.h"
#include "posix_sockets.h"

namespace sslctx {

namespace {

// How long one turn of the loop may work on sockets. Without a bound, a storm of full handshakes holds up the timers
// and the other sockets of the process for as long as the storm's whole batch takes.
constexpr std::chrono::microseconds kTurnBudget{1000};

// Two reads of 64 KiB; what is left over at its end is less than a record.
constexpr std::size_t kBufferSize = std::size_t{128} * 1024;
constexpr std::size_t kMaxRecord = std::size_t{16} * 1024;
constexpr std::size_t kScratchSize = std::size_t{128} * 1024;
// Smaller data is copied by JavaScript, and its place is used again.
constexpr std::size_t kCopied = 4096;

constexpr std::uint64_t kLingerTime = 5000;

constexpr std::uint32_t kSlotBits = 20;

}  // namespace

template <typename T>
double Reactor::Slots<T>::Add(std::shared_ptr<T> item) {
  if (free.empty()) {
    if (slots.size() >> kSlotBits != 0) throw std::runtime_error("1,048,576 sockets are in use");
    slots.emplace_back();
    free.push_back(static_cast<std::uint32_t>(slots.size() - 1));
  }
  const std::uint32_t slot = free.back();
  free.pop_back();
  slots[slot].item = std::move(item);
  ++slots[slot].generation;
  return static_cast<double>((std::uint64_t{slots[slot].generation} << kSlotBits) | slot);
}

template <typename T>
std::shared_ptr<T> Reactor::Slots<T>::Find(double id) const {
  if (!(id >= 0 && id < 9007199254740992.0)) return nullptr;
  const auto whole = static_cast<std::uint64_t>(id);
  const auto slot = static_cast<std::size_t>(whole & ((1U << kSlotBits) - 1));
  if (slot >= slots.size() || slots[slot].generation != whole >> kSlotBits) return nullptr;
  return slots[slot].item;
}

template <typename T>
void Reactor::Slots<T>::Remove(double id) {
  if (!Find(id)) return;
  const auto slot = static_cast<std::uint32_t>(static_cast<std::uint64_t>(id) & ((1U << kSlotBits) - 1));
  slots[slot].item.reset();
  free.push_back(slot);
}

Reactor* Reactor::Existing(const Addon& addon) { return addon.reactor; }

Reactor& Reactor::Of(Addon& addon) {
  if (addon.reactor == nullptr) {
    if (addon.closing()) ThrowError(addon.env(), "ERR_SSLCTX_STATE", "the environment is ending");
    addon.reactor = new Reactor(addon);
  }
  return *addon.reactor;
}

namespace {

/// Bun has Node-API, but most of libuv's functions are there only to end the process.
void RequireLibuv(Napi::Env env) {
  const Napi::Value process = env.Global().Get("process");
  if (!process.IsObject()) return;
  const Napi::Value versions = process.As<Napi::Object>().Get("versions");
  if (!versions.IsObject() || !versions.As<Napi::Object>().Has("bun")) return;
  ThrowError(env, "ERR_SSLCTX_RUNTIME",
             "sslctx: servers, clients and sockets need Node's event loop (libuv), which Bun does not have. Contexts, "
             "sessions, connections in memory and sslctx/capi work in Bun");
}

uv_loop_s* LoopOf(Napi::Env env) {
  RequireLibuv(env);
  uv_loop_s* loop = nullptr;
  if (napi_get_uv_event_loop(env, &loop) != napi_ok) throw Napi::Error::New(env);
  return loop;
}

}  // namespace

Reactor::Reactor(Addon& addon)
    : addon_(addon),
      loop_(std::make_unique<Loop>(LoopOf(addon.env()))),
      watches_(*loop_),
      turn_data_{&addon, "the event loop"} {
  const Napi::Env env = addon.env();
  scratch.reserve(kScratchSize);
  const Napi::Object resource = Napi::Object::New(env);
  resource_ = Napi::Persistent(resource);
  if (napi_async_init(env, resource, Napi::String::New(env, "SSLSOCKET"), &async_) != napi_ok ||
      turn_.Open(
          *loop_, [](void* self) { static_cast<Reactor*>(self)->OnTurn(); }, this) != 0 ||
      ticker_.Open(*loop_, [](void* self) { static_cast<Reactor*>(self)->OnTick(); }, this) != 0) {
    ThrowError(env, "ERR_SSLCTX_STATE", "the event loop cannot be used");
  }
  reserve_.Reset(open("/dev/null", O_RDONLY | O_CLOEXEC));
  // Asynchronous: libuv gives the memory of closed handles back in later turns, and Node must not end the loop before.
  napi_add_async_cleanup_hook(
      env,
      [](napi_async_cleanup_hook_handle handle, void* self) {
        auto* const reactor = static_cast<Reactor*>(self);
        reactor->cleanup_ = handle;
        reactor->Shutdown();
      },
      this, &cleanup_);
}

Reactor::~Reactor() = default;

void Reactor::Shutdown() {
  closing_ = true;
  addon_.reactor = nullptr;
  ready_.clear();
  for (const auto& channel : All()) channel->Abandon();
  for (const auto& slot : listeners_.slots) {
    if (slot.item) slot.item->Close();
  }
  channels_.slots.clear();
  listeners_.slots.clear();
  watches_.Close();
  // In this order: nobody may call it any more.
  if (inbox_) inbox_->Close();
  awake_.Close();
  turn_.Close();
  ticker_.Close();
  dispatcher_.Reset();
  buffer_.Reset();
  resource_.Reset();
  napi_async_destroy(addon_.env(), async_);
  loop_->WhenClosed(
      [](void* self) {
        auto* const reactor = static_cast<Reactor*>(self);
        auto* const handle = reactor->cleanup_;
        // With the loop's object, which calls this as the last thing that it does.
        delete reactor;
        napi_remove_async_cleanup_hook(handle);
      },
      this);
}

Napi::Value Reactor::Tell(Call& call, Event event, double id, double owner, napi_value first, napi_value second) {
  const Napi::Env env = addon_.env();
  if (closing_ || dispatcher_.IsEmpty()) return env.Undefined();
  EnterJavaScript();
  Napi::Value result = env.Undefined();
  call.Guard([&] {
    result =
        dispatcher_.Call({Napi::Number::New(env, static_cast<double>(event)), Napi::Number::New(env, id),
                          Napi::Number::New(env, owner), first == nullptr ? env.Undefined() : Napi::Value(env, first),
                          second == nullptr ? env.Undefined() : Napi::Value(env, second)});
  });
  return result;
}

void Reactor::EnterJavaScript() {
  // Only opened when there is something to tell; closed at the end of the job.
  if (in_turn_ && scope_ == nullptr) napi_open_callback_scope(addon_.env(), resource_.Value(), async_, &scope_);
}

void Reactor::Enqueue(std::shared_ptr<Job> job) {
  if (closing_ || job->queued) return;
  job->queued = true;
  ready_.push_back(std::move(job));
  turn_.Hurry(true);
}

void Reactor::DeliverLater() {
  // What each job ends with is all that there is to do.
  struct Delivery final : Job {
    void Run(Call&) noexcept override {}
  };
  if (!delivery_) delivery_ = std::make_shared<Delivery>();
  Enqueue(delivery_);
}

std::shared_ptr<Inbox> Reactor::OpenInbox() {
  auto inbox = std::make_shared<Inbox>();
  auto reader = std::make_shared<InboxReader>(inbox);
  if (awake_.Open(*loop_, [](void* self) { static_cast<Reactor*>(self)->ReadInbox(); }, this) != 0) {
    ThrowError(addon_.env(), "ERR_SSLCTX_STATE", "the event loop cannot be used");
  }
  inbox->Open(&awake_);
  inbox_ = inbox;
  inbox_reader_ = std::move(reader);
  return inbox;
}

void Reactor::OnTurn() {
  if (ready_.empty()) return;
  is_working_.store(true, std::memory_order_relaxed);
  const auto end = std::chrono::steady_clock::now() + kTurnBudget;
  // Not those that come in the meantime: a socket that never runs dry must not keep the others from their turn.
  for (std::size_t count = ready_.size(); count > 0 && !ready_.empty(); --count) {
    const std::shared_ptr<Job> job = std::move(ready_.front());
    ready_.pop_front();
    job->queued = false;
    RunJob(job);
    if (closing_ || std::chrono::steady_clock::now() >= end) break;
  }
  turn_.Hurry(!ready_.empty());
  is_working_.store(false, std::memory_order_relaxed);
}

void Reactor::RunJob(const std::shared_ptr<Job>& job) {
  const Napi::Env env = addon_.env();
  const Napi::HandleScope scope(env);
  in_turn_ = true;
  {
    Call call(addon_, turn_data_);
    job->Run(call);
    if (!addon_.outbox.empty()) EnterJavaScript();
    try {
      call.Deliver();
    } catch (const Napi::Error& error) {
      napi_fatal_exception(env, error.Value());
    } catch (...) {
      // The environment is ending.
    }
  }
  in_turn_ = false;
  if (scope_ != nullptr) {
    auto* const open = scope_;
    scope_ = nullptr;
    napi_close_callback_scope(env, open);
  }
  ErrorQueue::ClearThread();
}

void Reactor::OnTick() {
  bool is_waiting = false;
  const std::uint64_t now = LoopTime(*loop_);
  for (const auto& slot : listeners_.slots) {
    if (slot.item) is_waiting |= slot.item->CheckDeadlines(now);
  }
  while (!lingering_.empty() && lingering_.front().until <= now) {
    if (const std::shared_ptr<Channel> channel = channels_.Find(lingering_.front().channel)) channel->EndLingering();
    lingering_.pop_front();
  }
  if (!is_waiting && lingering_.empty()) ticker_.Stop();
}

void Reactor::WatchLingering(double channel) {
  lingering_.push_back({channel, LoopTime(*loop_) + kLingerTime});
  WatchDeadlines();
}

double Reactor::Add(std::shared_ptr<Channel> channel) { return channels_.Add(std::move(channel)); }
std::shared_ptr<Channel> Reactor::Find(double id) const { return channels_.Find(id); }
void Reactor::Remove(double id) { channels_.Remove(id); }

std::vector<std::shared_ptr<Channel>> Reactor::All() const {
  std::vector<std::shared_ptr<Channel>> all;
  for (const auto& slot : channels_.slots) {
    if (slot.item) all.push_back(slot.item);
  }
  return all;
}

double Reactor::AddListener(std::shared_ptr<Listener> listener) { return listeners_.Add(std::move(listener)); }
std::shared_ptr<Listener> Reactor::FindListener(double id) const { return listeners_.Find(id); }
void Reactor::RemoveListener(double id) { listeners_.Remove(id); }

Reactor::Room Reactor::PlaintextRoom(Call& call) {
  // Users get parts of the buffer, and may transfer it to another thread as a whole.
  if (buffer_data_ != nullptr && buffer_.Value().Data() != buffer_data_) buffer_data_ = nullptr;
  if (buffer_data_ == nullptr || buffer_used_ + kMaxRecord > kBufferSize) {
    const auto buffer = Napi::Buffer<std::uint8_t>::New(addon_.env(), kBufferSize);
    buffer_ = Napi::Reference<Napi::Buffer<std::uint8_t>>::New(buffer, 1);
    buffer_data_ = buffer.Data();
    buffer_used_ = 0;
    Tell(call, Event::kBuffer, 0, 0, buffer);
  }
  constexpr std::size_t kMaxRead = std::size_t{64} * 1024;
  return {buffer_data_ + buffer_used_, std::min(kBufferSize - buffer_used_, kMaxRead), buffer_used_};
}

void Reactor::UsedRoom(std::size_t length) {
  if (length >= kCopied) buffer_used_ += (length + 63) & ~std::size_t{63};
}

void Reactor::SpendReserve(int listening) {
  if (!reserve_) return;
  reserve_.Reset();
  // Closed at once: the reserve takes its place.
  Descriptor(AcceptStreamSocket(listening)).Reset();
  reserve_.Reset(open("/dev/null", O_RDONLY | O_CLOEXEC));
}

}  // namespace sslctx
