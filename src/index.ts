/**
 * TLS session caches of the system's own OpenSSL: contexts, sessions and connections as classes, and a server.
 *
 * @module sslctx
 */

export { SslConnection, type SslConnectionOptions } from './connection.ts';
export { SessionCacheMode, type SessionCacheModeName, type TlsVersion } from './constants.ts';
export { SslContext } from './context.ts';
export type { SessionRemovalReason, SslContextEvents } from './context-events.ts';
export type {
  KeyWithPassphrase,
  Pem,
  PfxWithPassphrase,
  SessionCacheOptions,
  SslContextOptions,
} from './context-options.ts';
export type { ContextStats } from './context-stats.ts';
export type {
  HandshakeErrorMessage,
  HandshakeMessage,
  StoreLookupMessage,
  StoreWriteMessage,
} from './diagnostics.ts';
export { OpenSslError, type OpenSslErrorCode, SslctxError, type SslctxErrorCode } from './errors.ts';
export {
  type LoadedSessions,
  type LoadSessionsOptions,
  loadSessions,
  type SavedSessions,
  type SaveSessionsOptions,
  saveSessions,
} from './fleet/warm-restart.ts';
export { SslAgent, type SslAgentOptions } from './http/agent.ts';
export { type Connector, type ConnectorOptions, type ConnectorTarget, connector } from './http/connector.ts';
export type { CipherInfo } from './memory.ts';
export type { ClientOptions } from './net/client-options.ts';
export { type ConnectOptions, connect } from './net/connect.ts';
export { type JoinServerOptions, joinServer } from './net/join-server.ts';
export type { OnReadOptions } from './net/onread.ts';
export { createServer, SslServer } from './net/server.ts';
export type { SniCallback, SslServerEvents, SslServerOptions } from './net/server-options.ts';
export type { ServerWorkersOptions } from './net/server-workers.ts';
export { SslSocket, type SslStreamOptions, type Transport } from './net/socket.ts';
export type { PeerCertificate } from './net/socket-info.ts';
export type { SslSocketOptions } from './net/socket-options.ts';
export type { ListenOptions } from './net/where.ts';
export { type OpenSslInfo, openssl } from './openssl.ts';
export type { Resumption, ResumptionRefusal } from './resumption.ts';
export { SslSession } from './session.ts';
export type { SslSessionFields } from './session-create.ts';
export type { SharedContext } from './shared-context.ts';
export {
  attachSessionStore,
  type ContextStore,
  sessionStoreOf,
} from './store/context-store.ts';
export { EncryptedSessionStore } from './store/encrypted.ts';
export { KeyRing } from './store/key-ring.ts';
export { MemorySessionStore, type MemorySessionStoreOptions } from './store/memory.ts';
export type { SessionStoreOptions } from './store/options.ts';
export { RedisSessionStore, type RedisSessionStoreOptions } from './store/redis.ts';
export type { RedisClient } from './store/redis-client.ts';
export type { Revocable, StoredSession } from './store/revocation.ts';
export type { Awaitable, SessionStore, StoreEntry, StoreListener } from './store/session-store.ts';
export type { StoreStatistics } from './store/statistics.ts';
export { type Revocation, TicketKeyRing, type TicketKeyRingOptions, type TicketRingStats } from './ticket-key-ring.ts';
export { CertificateError } from './verification.ts';
