// All operations.
import { bulkOperations, outerBulkOperations } from './ops/bulk.ts';
import { cacheOperations } from './ops/caches.ts';
import { contextOperations, outerContextOperations } from './ops/contexts.ts';
import { handshakeOperations, outerHandshakeOperations } from './ops/handshakes.ts';
import { sessionOperations } from './ops/sessions.ts';
import { outerSharingOperations } from './ops/sharing.ts';
import { outerSiteOperations } from './ops/sites.ts';
import { outerWorkerOperations } from './ops/workers.ts';
import type { Operations } from './world.ts';

export const OPERATIONS: Operations = {
  inner: { ...sessionOperations, ...cacheOperations, ...contextOperations, ...bulkOperations, ...handshakeOperations },
  outer: {
    ...outerContextOperations,
    ...outerBulkOperations,
    ...outerHandshakeOperations,
    ...outerSharingOperations,
    ...outerSiteOperations,
    ...outerWorkerOperations,
  },
};
