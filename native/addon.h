// What one environment (the main thread, or one worker) owns.
#pragma once

#include <napi.h>

#include <deque>
#include <initializer_list>
#include <memory>
#include <span>
#include <unordered_map>

#include "context_views.h"
#include "error_queue.h"
#include "handles.h"
#include "openssl.h"
#include "outbox.h"

namespace sslctx {

class Addon;
class Call;
class Reactor;

/// What each exported function gets as its data: who owns it, and its C name for messages.
struct FunctionData {
  Addon* addon;
  const char* name;
  /// Changes what the connections of an SSL_CTX read without a lock: refused where other threads have it too.
  bool configures = false;
};

/// One exported function.
struct Export {
  const char* name;
  napi_callback function;
};

class Addon {
 public:
  explicit Addon(Napi::Env env);
  ~Addon();
  Addon(const Addon&) = delete;
  Addon& operator=(const Addon&) = delete;

  Napi::Env env() const { return env_; }

  void Register(Napi::Object exports, std::span<const Export> functions);

  ErrorQueue errors;
  Handles handles;
  Outbox outbox;

  /// The contexts made or taken over here, by serial number.
  std::unordered_map<std::uint64_t, std::shared_ptr<ContextView>> contexts;
  void Forget(std::uint64_t context);

  /// What other threads tell of them; null before the first that they know.
  std::shared_ptr<Inbox> inbox;

  /// A session of no cache, for looking up others by what it says.
  SSL_SESSION* lookup_key() const { return lookup_key_.get(); }

  /// How the calls that take less time than Node-API does to convert their arguments get these, and give back their
  /// result: numbers in shared memory, which cannot be detached. See EnterFast.
  double* registers = none_;
  static constexpr std::size_t kRegisters = 8;
  void SetRegisters(Napi::Float64Array array);

  /// The innermost call that JavaScript has made and that has not returned yet; callbacks of libssl run inside of it.
  Call* current_call = nullptr;

  /// The sockets; null before the first. Ends by itself, before this does.
  Reactor* reactor = nullptr;

  /// Gives back everything that this environment still owns. Called once, when the environment ends.
  void Close();
  bool closing() const { return closing_; }

 private:
  Napi::Env env_;
  /// Until there are others: 0 is no handle's number.
  double none_[kRegisters] = {};
  Napi::ObjectReference held_registers_;
  std::deque<FunctionData> functions_;
  OwnedSession lookup_key_;
  bool closing_ = false;
};

}  // namespace sslctx
