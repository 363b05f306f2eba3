// Two server processes that share a secret and nothing else, and the real s_client.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import type { Resumption } from '../../src/index.ts';
import { type Protocol, type SClientResult, sClient } from '../../src/testing/index.ts';
import { certificate, protocols } from '../helpers/classes.ts';

const program = fileURLToPath(new URL('server.ts', import.meta.url));
const rotateEvery = 3600;
/** Half a period before the next one, in the clocks of all machines: no period ends in the middle of a test. */
const middle = rotateEvery / 2 - (Math.floor(Date.now() / 1000) % rotateEvery);

interface Report {
  resumption: Resumption;
  label?: string;
}

/** A server process. */
class Machine {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  port = 0;

  private constructor(child: ChildProcess, lines: AsyncIterator<string>) {
    this.#child = child;
    this.#lines = lines;
  }

  static async start(t: ExecutionContext, options: object = {}): Promise<Machine> {
    const all = { ...certificate(), secret: '5e'.repeat(32), rotateEvery, ...options };
    const child = spawn(process.execPath, [...process.execArgv, program, JSON.stringify(all)], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const machine = new Machine(child, createInterface({ input: child.stdout })[Symbol.asyncIterator]());
    t.teardown(async () => {
      const closed = once(child, 'close');
      child.stdin.end();
      const [code] = await closed;
      if (code !== 0) throw new Error(`the server ended with ${code}`);
    });
    const { port }: { port: number } = JSON.parse(await machine.#line());
    machine.port = port;
    await machine.tell({ clockOffset: middle });
    return machine;
  }

  async tell(command: object): Promise<void> {
    this.#child.stdin?.write(`${JSON.stringify(command)}\n`);
    await this.#line();
  }

  /** One connection of s_client's, and what the server says of it. */
  async visit(protocol: Protocol, session?: string): Promise<{ client: SClientResult; server: Report }> {
    // Tickets go out with the first write: there are none to wait for before that.
    const options = { port: this.port, protocol, waitForTickets: 0, until: 'closed' } as const;
    const client = await sClient(session === undefined ? options : { ...options, sessionIn: session });
    const server: Report = JSON.parse(await this.#line());
    return { client, server };
  }

  async #line(): Promise<string> {
    const { value, done } = await this.#lines.next();
    if (done) throw new Error('the server has ended');
    return value;
  }
}

function ticketName({ tickets }: SClientResult): string | undefined {
  return tickets.at(-1)?.ticket?.subarray(0, 16).toString('hex');
}

for (const protocol of protocols) {
  test(`a ticket of one process is good in the other, renewed after a rotation, and over in the end, ${protocol}`, async (t) => {
    const [one, two] = [await Machine.start(t), await Machine.start(t)];
    const first = await one.visit(protocol);
    t.deepEqual(first.server.resumption, { offered: false, accepted: false });

    const second = await two.visit(protocol, first.client.session);
    t.true(second.client.reused);
    t.deepEqual(second.server.resumption, { offered: true, kind: 'stateless-ticket', accepted: true });

    for (const machine of [one, two]) await machine.tell({ clockOffset: middle + rotateEvery });
    const renewed = await two.visit(protocol, first.client.session);
    t.true(renewed.client.reused);
    t.not(ticketName(renewed.client), ticketName(first.client));
    const fresh = await one.visit(protocol);
    t.is(ticketName(renewed.client), ticketName(fresh.client));

    for (const machine of [one, two]) await machine.tell({ clockOffset: middle + 3 * rotateEvery });
    const late = await one.visit(protocol, first.client.session);
    t.false(late.client.reused);
    t.like(late.server.resumption, { offered: true, accepted: false, reason: 'ticket-key-unknown' });
    // What s_client does not write out in TLS 1.2 is the session of a resumed handshake.
    if (protocol === 'TLSv1.3') t.true((await one.visit(protocol, renewed.client.session)).client.reused);
  });

  test(`another secret, ${protocol}`, async (t) => {
    const [one, two] = [await Machine.start(t), await Machine.start(t, { secret: '0f'.repeat(32) })];
    const first = await one.visit(protocol);
    const other = await two.visit(protocol, first.client.session);
    t.false(other.client.reused);
    t.like(other.server.resumption, { kind: 'stateless-ticket', accepted: false, reason: 'ticket-key-unknown' });
  });

  test(`a revoked label gets a full handshake wherever it has been told, ${protocol}`, async (t) => {
    const options = { label: 'user 17' };
    const [one, two] = [await Machine.start(t, options), await Machine.start(t, options)];
    const mine = await one.visit(protocol);
    const label = mine.server.label ?? '';
    if (protocol === 'TLSv1.3') t.is(label, 'user 17');
    else t.regex(label, /^[0-9a-f]{32}$/);
    const renewed = await two.visit(protocol, mine.client.session);
    t.true(renewed.client.reused);
    t.is(renewed.server.label, label);

    for (const machine of [one, two]) await machine.tell({ revoke: label });
    for (const { client } of protocol === 'TLSv1.3' ? [mine, renewed] : [mine]) {
      const refused = await two.visit(protocol, client.session);
      t.true(refused.client.connected);
      t.false(refused.client.reused);
      t.like(refused.server.resumption, { kind: 'stateless-ticket', accepted: false, reason: 'revoked' });
    }
    t.false((await one.visit(protocol, mine.client.session)).client.reused);
  });
}
