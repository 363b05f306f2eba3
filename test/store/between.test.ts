// Handshakes that begin in the middle of a revocation.
import test from 'ava';
import { sClient } from '../../src/testing/index.ts';
import { protocols } from '../helpers/classes.ts';
import { HeldStore } from './held.ts';
import { fail, type Listening, listen, visit } from './servers.ts';

interface Gate {
  readonly opened: Promise<void>;
  open(): void;
}

function gate(): Gate {
  let open = (): void => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open: () => open() };
}

/** Its deletions wait at a gate, or fail. */
class SlowStore extends HeldStore {
  readonly deleting = gate();
  gate: Gate | undefined;
  isDown = false;

  override async delete(id: Buffer): Promise<boolean> {
    this.deleting.open();
    await this.gate?.opened;
    if (this.isDown) throw new Error('down');
    return super.delete(id);
  }
}

/** Labels each connection with what `whose` says at that time. */
function labelling(t: Parameters<typeof listen>[0], store: HeldStore, whose: () => string): Promise<Listening> {
  return listen(t, { sessionStore: store, lookupTimeout: 60_000 }, (socket) => {
    socket.on('error', () => {});
    socket.labelSession(whose()).then(() => socket.end('hello\n'), fail(t));
  });
}

for (const protocol of protocols) {
  test(`a session that is about to be deleted is not resumed, ${protocol}`, async (t) => {
    const store = new SlowStore();
    const listening = await labelling(t, store, () => 'alice');
    const { session } = await visit(listening, protocol);
    store.gate = gate();
    const revoked = listening.server.sessionStore?.revoke({ label: 'alice' });
    await store.deleting.opened;
    t.false((await visit(listening, protocol, session)).reused);
    store.gate.open();
    t.true(((await revoked) ?? 0) > 0);
    t.is(listening.server.sessionStore?.statistics.lookups, 0, 'the store has not been asked');
  });

  test(`a lookup from before a revocation answers nobody who asks after it, ${protocol}`, async (t) => {
    const store = new HeldStore();
    const listening = await labelling(t, store, () => 'alice');
    const { session } = await visit(listening, protocol);
    const held = gate();
    store.answer = async (_id, honest) => {
      await held.opened;
      return honest;
    };
    const before = store.lookups;
    const early = visit(listening, protocol, session);
    await store.asked(before + 1);
    await listening.server.sessionStore?.revoke({ label: 'alice' });
    store.answer = (_id, honest) => honest;
    const late = visit(listening, protocol, session);
    t.false((await late).reused);
    held.open();
    t.false((await early).reused);
    t.is(listening.server.sessionStore?.statistics.shared, 0);
  });

  test(`what a store could not delete is deleted when it is back, ${protocol}`, async (t) => {
    const store = new SlowStore();
    const listening = await labelling(t, store, () => 'alice');
    const { session } = await visit(listening, protocol);
    const ids = store.tagged('label:alice');
    store.gate = gate();
    store.isDown = true;
    const revoked = listening.server.sessionStore?.revoke({ label: 'alice' });
    await store.deleting.opened;
    store.gate.open();
    store.gate = gate();
    await t.throwsAsync(async () => revoked, { code: 'ERR_SSLCTX_STORE' });
    // Not `visit`: the deletions still wait.
    t.false((await sClient({ port: listening.port, protocol, until: 'closed', sessionIn: session })).reused);
    store.isDown = false;
    store.gate.open();
    await listening.server.sessionStore?.flush();
    const left = store.tagged('label:alice');
    t.is(left.length, ids.length, 'those of the second connection');
    t.deepEqual(
      left.filter((id) => ids.some((each) => each.equals(id))),
      [],
    );
  });
}
