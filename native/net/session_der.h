// What libssl keeps in a session and gives out in DER only.
#pragma once

#include "../openssl.h"

namespace sslctx {

struct SessionDetails {
  long verify_result = X509_V_OK;
  bool extended_master_secret = false;
};

/// Encodes the session to look into it: not for each connection.
SessionDetails DetailsOf(const SSL_SESSION* session);

/// Whether the time of the peer's certificate is over: a verification of then would fail now.
bool IsPeerExpired(const SSL_SESSION* session);

/// Whether a client may resume the session with a server of this name (null: no matter) under what `ctx` trusts. libssl
/// takes the outcome of the verification over from the session, and verifies neither certificate nor name again. One
/// that did not verify is for those who are lenient: the resumed connection will say so too.
bool MayResume(SSL_CTX* ctx, SSL_SESSION* session, const char* name, bool is_lenient);

}  // namespace sslctx
