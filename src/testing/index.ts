/**
 * The testing kit: interoperability tests against the real openssl program, and pairs of connections in memory.
 *
 * @module sslctx/testing
 */
export * from './assertions.ts';
export * from './certificate.ts';
export { TestingError, type TestingErrorCode, type TestingErrorDetails } from './errors.ts';
export * from './pair.ts';
export type { ProgramOptions } from './program.ts';
export * from './s_client.ts';
export * from './s_client_output.ts';
export * from './s_server.ts';
export * from './s_server_output.ts';
export { type PrintedSession, parseSessionText, type VerifyResult } from './session_text.ts';
