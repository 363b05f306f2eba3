// A thread that has somebody else's context, and does with it what it is told.
import { setImmediate as nextTurn } from 'node:timers/promises';
import { parentPort } from 'node:worker_threads';
import { type SharedContext, SslContext, SslSession } from '../../src/index.ts';

export interface Order {
  what: 'add' | 'remove' | 'clear' | 'spin' | 'leave';
  ids: readonly number[];
}

/** Equal ones for equal numbers, in every thread. */
export function numbered(id: number): SslSession {
  const bytes = Buffer.alloc(32, 0x5a);
  bytes[0] = id;
  return SslSession.create({ protocol: 'TLSv1.2', id: bytes, time: 4_000_000_000, timeout: 1 });
}

/** How many sessions it was done to. */
export function obey(context: SslContext, { what, ids }: Order): number {
  if (what === 'clear') return context.clearSessions();
  let done = 0;
  for (const id of ids) {
    const session = numbered(id);
    if (what === 'add' ? context.addSession(session) : context.removeSession(session)) done++;
    session.free();
  }
  return done;
}

export async function start({ shared }: { shared: SharedContext }): Promise<void> {
  const port = parentPort;
  if (port === null) return;
  const context = SslContext.fromShared(shared);
  port.on('message', (order: Order) => {
    if (order.what === 'spin') {
      // Until it is terminated.
      void spin(context, order.ids);
      port.postMessage(0);
    } else if (order.what === 'leave') {
      context.free();
      port.postMessage(0);
      port.close();
    } else {
      port.postMessage(obey(context, order));
    }
  });
  port.postMessage('ready');
}

async function spin(context: SslContext, ids: readonly number[]): Promise<void> {
  for (;;) {
    obey(context, { what: 'add', ids });
    obey(context, { what: 'remove', ids });
    await nextTurn();
  }
}
