// The groups of exported functions, one a C type.
#pragma once

#include <span>

#include "addon.h"

namespace sslctx {

std::span<const Export> BioExports();
std::span<const Export> LibraryExports();
std::span<const Export> NetExports();
std::span<const Export> SessionBulkExports();
std::span<const Export> SharingExports();
std::span<const Export> SslCacheExports();
std::span<const Export> SslCallbackExports();
std::span<const Export> SslClientHelloExports();
std::span<const Export> SslCtxExports();
std::span<const Export> SslExports();
std::span<const Export> SslSessionExports();
std::span<const Export> TicketRingExports();
std::span<const Export> X509Exports();

/// The constants that the headers define, under their C names.
Napi::Object MakeConstants(Napi::Env env);

}  // namespace sslctx
