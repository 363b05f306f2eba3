// Both sides of a control socket, each with a peer that says anything.
import type { EventEmitter } from 'node:events';
import { connect, createServer, type Server } from 'node:net';
import { SslContext } from '../../../src/context.ts';
import { connectControl } from '../../../src/control/client.ts';
import { type ControlServer, serveControl } from '../../../src/control/serve.ts';
import { SslSession } from '../../../src/session.ts';
import { claim, refusal, type Target } from '../target.ts';
import { temporaryPath } from './folder.ts';

const words = [
  ...['{"id":1,"method":"info"}\n', '"params":{', '"context":"default"', '"limit":10', '"id":"5e"', '"all":true'],
  ...['list', 'show', 'remove', 'flush', 'watch', '"at":1', '"removals":true', '\n', 'null', '[]', '{}', '""'],
];

let asked: Promise<ControlServer> | undefined;
let context: SslContext | undefined;

/** How many listeners one conversation has at a time. */
let mostListeners = 0;

function observed(): SslContext {
  const own = new SslContext({ sessionCache: { size: 5 } });
  const emitter: EventEmitter = own;
  emitter.on('newListener', (name) => {
    if (name === 'newSession') mostListeners = Math.max(mostListeners, own.listenerCount(name) + 1);
  });
  return own;
}

async function requests(bytes: Buffer): Promise<string> {
  context ??= observed();
  asked ??= serveControl(context, temporaryPath('served'));
  const { path } = await asked;
  context.clearSessions();
  for (const byte of [0x5e, 0x5f]) context.addSession(SslSession.create({ id: Buffer.alloc(32, byte) }));
  const text = await new Promise<string>((resolve) => {
    let said = '';
    const socket = connect(path).setEncoding('utf8');
    socket.on('data', (part: string) => {
      said += part;
    });
    // A request that is too long is not read to its end.
    socket.on('error', () => {}).once('close', () => resolve(said));
    socket.end(bytes);
  });
  const [greeting, ...answers] = text.trimEnd().split('\n');
  claim(greeting?.startsWith('{"sslctx":"control"') === true, 'the server greets');
  claim(context.listenerCount('newSession') === 0, 'who has gone hears nothing');
  claim(mostListeners <= 1, 'who asks twice hears once');
  return [...new Set(answers.map(wordOf))].sort().join(' ');
}

function wordOf(answer: string): string {
  const { id, event, result, error } = JSON.parse(answer);
  if (event !== undefined) return String(event);
  claim(id === null || Number.isSafeInteger(id), 'an answer has the number of its request');
  claim((result === undefined) !== (error === undefined), 'an answer is one or the other');
  claim(error?.code !== 'ERR_SSLCTX_CONTROL_FAILED', `nothing fails: ${error?.message}`);
  return error?.code ?? Object.keys(result).join(',');
}

export const controlRequest: Target = {
  name: 'control-request',
  run: requests,
  words,
  close: async () => (await asked)?.close(),
};

let hostile: Promise<Server> | undefined;
let answer: Buffer = Buffer.alloc(0);

/** Greets as it should where the first byte is odd. */
async function answers(bytes: Buffer): Promise<string> {
  const path = temporaryPath('hostile');
  hostile ??= new Promise((resolve) => {
    const server = createServer((socket) => socket.on('error', () => {}).end(answer));
    server.listen(path, () => resolve(server));
  });
  await hostile;
  const greets = (bytes[0] ?? 0) % 2 === 1;
  const greeting = greets ? '{"sslctx":"control","version":1,"pid":1}\n' : '';
  answer = Buffer.concat([Buffer.from(greeting), bytes.subarray(1)]);
  const seen: string[] = [];
  try {
    const client = await connectControl(path);
    client.on('event', ({ event }) => seen.push(`event ${event}`));
    const closed = new Promise<void>((resolve) => client.once('close', () => resolve()));
    const results = await Promise.allSettled([client.ask('info', {}), client.ask('list', {})]);
    for (const each of results) {
      if (each.status === 'fulfilled') seen.push(typeof each.value);
      else seen.push(refusal(each.reason, ['ERR_SSLCTX_CONTROL_*']));
    }
    client.close();
    await closed;
  } catch (error) {
    seen.push(refusal(error, ['ERR_SSLCTX_CONTROL_*']));
  }
  return seen.join(' ');
}

export const controlAnswer: Target = {
  name: 'control-answer',
  run: answers,
  words: ['{"id":1,"result":', '{"id":2,"error":{"code":"x"}}\n', '{"event":"newSession","session":{}}\n', ...words],
  close: async () => (await hostile)?.close(),
};
