// Many sessions into a cache at once.
#pragma once

#include <napi.h>

namespace sslctx {

class Call;

// All of these refuse before they change anything: one session that cannot be added, and none is.

/// (context, Float64Array of sessions): how many were added.
Napi::Value AddSessions(Call& call);

/// The same for an array of DER. When element n is no session: -1 - n, and libssl's errors are in the queue.
Napi::Value AddDerSessions(Call& call);

/// As AddSessions, without adding: the indexes in the order in which adding is fast, as a Uint32Array.
Napi::Value PlanSessions(Call& call);

}  // namespace sslctx
