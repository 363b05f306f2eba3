// What differs between releases of libssl, asked of the library itself, and how many objects live before anything is done.
import * as capi from '../../src/capi/index.ts';
import { certificate } from '../helpers/pair.ts';
import { asRemoved } from '../helpers/removal-order.ts';
import { anyCipher, makeSession } from '../helpers/session.ts';
import { numbered } from './sharing-thread.ts';

export interface Library {
  /** Whether adding an object that is in the cache already puts it in front of its equals: A5 in docs/differences.md. */
  reAddingMoves: boolean;
  baseline: { handles: Record<string, number>; objects: ReturnType<typeof capi.debug.live> };
}

export async function ask(collect: () => Promise<void>): Promise<Library> {
  const reAddingMoves = doesReAddingMove();
  // Kept for good by the helpers.
  anyCipher();
  certificate();
  numbered(0).free();
  await collect();
  return { reAddingMoves, baseline: { handles: capi.debug.liveHandles(), objects: capi.debug.live() } };
}

function doesReAddingMove(): boolean {
  const ctx = capi.SSL_CTX_new(capi.TLS_method());
  const [first, second] = [1, 2].map((id) => makeSession({ id, time: 1, timeout: 1 }));
  if (first === undefined || second === undefined) throw new Error('no sessions');
  for (const session of [first, second, first]) capi.SSL_CTX_add_session(ctx, session);
  const removed: capi.SSL_SESSION[] = [];
  capi.SSL_CTX_sess_set_remove_cb(ctx, (_ctx, session) => void removed.push(session));
  capi.SSL_CTX_flush_sessions(ctx, 0);
  const [last] = asRemoved([second, first]);
  return removed[0] === last;
}
