/**
 * Session caches of a running program, looked into and changed through a local socket: what `sslctx cache` speaks with.
 *
 * @module sslctx/control
 */
export { ControlClient, type ControlClientEvents, connectControl } from './client.ts';
export {
  type ControlContext,
  ControlError,
  type ControlErrorCode,
  type ControlEvent,
  type ControlGreeting,
  type ControlMethod,
  type ControlMethods,
  type ControlSession,
  controlVersion,
} from './protocol.ts';
export { type ControlledContexts, type ControlServer, serveControl } from './serve.ts';
