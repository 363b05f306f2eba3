// Every C callback: from libssl to JavaScript.
#pragma once

#include <napi.h>

#include <cstdint>
#include <initializer_list>

#include "openssl.h"

namespace sslctx {

class Call;

/// Where a callback record keeps the function. src/capi/callbacks.ts has the same list.
enum class CallbackKind : std::uint8_t {
  kNewSession,
  kRemoveSession,
  kGetSession,
  kClientHello,
  kGenerateSessionId,
  kNotResumable,
  kPskFindSession,
  kPskUseSession,
  kTicketGenerate,
  kTicketDecrypt,
  kTicketKey,
  kAllowEarlyData,
  kServername,
  kAlpnSelect,
  kKeylog,
  kInfo,
  kMessage,
  /// Not libssl's: what happened in another thread (inbox.h).
  kElsewhere,
};

/// For a record that only JavaScript's handles hold: a closure over its own context is then no leak.
napi_ref WeakRecord(Napi::Env env, const Napi::Object& record);

/// Calls the function that `record` holds; undefined when it holds none.
Napi::Value CallRecord(const Napi::Object& record, CallbackKind kind, std::initializer_list<napi_value> arguments);

/// Tells the context's record of a session that one of its connections has made.
void TellContext(Call& call, SSL* ssl, const Napi::Value& session);

/// What sockets need of a server's context: why connections are resumed or not, session lookup, names, OCSP.
void InstallServerCallbacks(SSL_CTX* ctx);
/// Chooses among the protocols in the context's state.
void InstallAlpnList(SSL_CTX* ctx);
void InstallKeylog(SSL_CTX* ctx);
/// Lets bad certificates pass; SSL_get_verify_result tells.
int sslctx_accept_any_certificate(int ok, X509_STORE_CTX* store);

/// What SSL_CTX_new installs: no password prompt on the terminal, and the callback that tells whose new sessions are.
void InstallDefaults(SSL_CTX* ctx);

// The C callbacks, for the setters in ssl_ctx_callbacks.cc and ssl.cc.
extern "C" {
void sslctx_on_remove_session(SSL_CTX* ctx, SSL_SESSION* session);
SSL_SESSION* sslctx_on_get_session(SSL* ssl, const unsigned char* id, int length, int* copy);
int sslctx_on_client_hello(SSL* ssl, int* alert, void* arg);
int sslctx_on_generate_session_id(SSL* ssl, unsigned char* id, unsigned int* length);
int sslctx_on_not_resumable(SSL* ssl, int is_forward_secure);
int sslctx_on_psk_find_session(SSL* ssl, const unsigned char* identity, size_t length, SSL_SESSION** session);
int sslctx_on_psk_use_session(SSL* ssl, const EVP_MD* md, const unsigned char** id, size_t* length,
                              SSL_SESSION** session);
int sslctx_on_ticket_generate(SSL* ssl, void* arg);
SSL_TICKET_RETURN sslctx_on_ticket_decrypt(SSL* ssl, SSL_SESSION* session, const unsigned char* key_name, size_t length,
                                           SSL_TICKET_STATUS status, void* arg);
int sslctx_on_ticket_key(SSL* ssl, unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* mac,
                         int encrypt);
int sslctx_on_allow_early_data(SSL* ssl, void* arg);
int sslctx_on_servername(SSL* ssl, int* alert, void* arg);
int sslctx_on_alpn_select(SSL* ssl, const unsigned char** out, unsigned char* out_length, const unsigned char* in,
                          unsigned int in_length, void* arg);
void sslctx_on_keylog(const SSL* ssl, const char* line);
void sslctx_on_info(const SSL* ssl, int where, int value);
void sslctx_on_message(int write, int version, int content_type, const void* data, size_t length, SSL* ssl, void* arg);
}

}  // namespace sslctx
