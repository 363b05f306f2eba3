// All operations.
import { cacheOperations } from './ops/caches.ts';
import { contextOperations, outerContextOperations } from './ops/contexts.ts';
import { handshakeOperations, outerHandshakeOperations } from './ops/handshakes.ts';
import { sessionOperations } from './ops/sessions.ts';
import type { Operations } from './world.ts';

export const OPERATIONS: Operations = {
  inner: { ...sessionOperations, ...cacheOperations, ...contextOperations, ...handshakeOperations },
  outer: { ...outerContextOperations, ...outerHandshakeOperations },
};
