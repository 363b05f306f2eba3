// What the diagnostics channels tell, counted: how handshakes end, and how long they and the stores take.
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import {
  codeOf,
  type HandshakeErrorMessage,
  type HandshakeMessage,
  type StoreLookupMessage,
  type StoreWriteMessage,
} from '../diagnostics.ts';
import { type CollectedMetric, Counter, Histogram } from './metric.ts';
import { contextOf, type Sources } from './sources.ts';

type Listener = (message: unknown) => void;

/** Metrics, and the way to stop them. */
export interface EventMetrics {
  readonly metrics: readonly CollectedMetric[];
  stop(): void;
}

export function countEvents(prefix: string, sources: Sources): EventMetrics {
  const handshakes = new Counter({ name: `${prefix}handshakes_total`, help: 'Handshakes completed in this process' });
  const errors = new Counter({
    name: `${prefix}handshake_errors_total`,
    help: 'Connections lost before the end of their handshake, in this process',
  });
  const handshakeTime = new Histogram({
    name: `${prefix}handshake_duration_seconds`,
    help: 'From the connection to the end of its handshake',
  });
  const lookupTime = new Histogram({
    name: `${prefix}store_lookup_duration_seconds`,
    help: 'From the question to the answer of a session store, or to its time-out',
  });
  const writeTime = new Histogram({
    name: `${prefix}store_write_duration_seconds`,
    help: 'From a write or deletion to the answer of a session store, or to its time-out',
  });

  const secured =
    (side: string): Listener =>
    (message) => {
      if (!isHandshake(message)) return;
      const { protocol, resumption, duration } = message;
      const { kind = 'none', accepted, reason = 'none' } = resumption;
      const outcome = accepted ? 'resumed' : 'full';
      handshakes.count({ side, protocol, outcome, kind, reason });
      handshakeTime.observe({ side, outcome }, duration / 1000);
    };
  const failed =
    (side: string): Listener =>
    (message) => {
      if (isError(message)) errors.count({ side, code: label(codeOf(message.error)) });
    };
  const answered =
    (histogram: Histogram): Listener =>
    (message) => {
      if (!isStore(message)) return;
      const { operation, outcome, duration } = message;
      for (const [context, source] of sources) {
        if (contextOf(source) === message.context) histogram.observe({ context, operation, outcome }, duration / 1000);
      }
    };

  const listeners = new Map<string, Listener>([
    ['sslctx:server:handshake', secured('server')],
    ['sslctx:client:handshake', secured('client')],
    ['sslctx:server:error', failed('server')],
    ['sslctx:client:error', failed('client')],
    ['sslctx:store:lookup', answered(lookupTime)],
    ['sslctx:store:write', answered(writeTime)],
  ]);
  for (const [name, listener] of listeners) subscribe(name, listener);
  return {
    metrics: [handshakes, errors, handshakeTime, lookupTime, writeTime],
    stop() {
      for (const [name, listener] of listeners) unsubscribe(name, listener);
    },
  };
}

/** A code that can be one of not too many: applications may throw anything in `checkServerIdentity`. */
function label(code: string): string {
  return /^[A-Za-z][A-Za-z0-9_]{0,79}$/.test(code) ? code : 'other';
}

// Anybody can publish under these names.
function isHandshake(message: unknown): message is HandshakeMessage {
  return has(message, 'resumption') && has(message, 'protocol') && typeof message.duration === 'number';
}

function isError(message: unknown): message is HandshakeErrorMessage {
  return has(message, 'error') && message.error instanceof Error;
}

function isStore(message: unknown): message is StoreLookupMessage | StoreWriteMessage {
  return has(message, 'operation') && has(message, 'context') && typeof message.duration === 'number';
}

function has<Name extends string>(message: unknown, name: Name): message is Record<Name | 'duration', unknown> {
  return typeof message === 'object' && message !== null && name in message && 'duration' in message;
}
