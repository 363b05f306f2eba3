// Which libssl answers.
#pragma once

#include <napi.h>

namespace sslctx {

/// Throws ERR_SSLCTX_WRONG_OPENSSL unless libssl and libcrypto are libraries of their own and not older than the
/// headers that this was compiled with. The node executable contains another OpenSSL and exports its symbols: a plain
/// require() of this addon is bound to those.
void RequireGenuineOpenSsl(Napi::Env env);

/// Versions, and the files that the code really runs from.
Napi::Object DescribeOpenSsl(Napi::Env env);

}  // namespace sslctx
