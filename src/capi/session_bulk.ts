// Many sessions in and out of a cache, in slices. For src/session-bulk.ts: users have no names for these.
import { contextId, type SSL_CTX } from './handles.ts';
import { native } from './loader.ts';
import type { ExportedSlice, SessionExportBox, SessionImportBox } from './native.ts';

export type { ExportedSlice, ImportCounts, SessionExportBox, SessionImportBox } from './native.ts';

export function beginExport(ctx: SSL_CTX): SessionExportBox {
  return native.beginExport(contextId(ctx));
}

export function exportNext(box: SessionExportBox, out: Uint8Array, now: number): ExportedSlice {
  return native.exportNext(box, out, now);
}

export function importRead(
  box: SessionImportBox,
  ctx: SSL_CTX,
  bytes: Uint8Array,
  how: { now: number; anyIdContext: boolean },
): boolean {
  return native.importRead(box, contextId(ctx), bytes, how);
}

export function importAdd(box: SessionImportBox, ctx: SSL_CTX, slice: number): boolean {
  return native.importAdd(box, contextId(ctx), slice);
}

export const { beginImport, importCounts, importDrop } = native;
