// How to start a server of each kind.
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { programPath } from '../build.ts';
import { Program, typescript } from '../harness/program.ts';
import type { Effort } from '../harness/rows.ts';
import type { StoreKind } from './arguments.ts';
import { nginxCommand } from './nginx.ts';

/** Where a server keeps its sessions, when that is not in its own memory. */
export interface StoreSetting {
  readonly kind: StoreKind;
  /** The Unix socket of Redis. */
  readonly redis: string;
}

/** What a server is to do. */
export interface Setting {
  readonly tls: '1.2' | '1.3';
  readonly tickets: 'stateful' | 'stateless';
  readonly certificate: { readonly cert: string; readonly key: string };
  readonly serve: 'handshakes' | 'streams';
  /** Sessions in the cache beforehand; not of node:tls, nginx and s_server. */
  readonly preload?: number;
  /** Of the servers in JavaScript. */
  readonly store?: StoreSetting | undefined;
  /** Of sslctx: how many accept in place of the main one. */
  readonly threads?: number | undefined;
}

/** A server that listens. */
export interface Server {
  readonly port: number;
  readonly program: Program;
  /** It writes nothing of its own accord. */
  readonly isSilent: boolean;
  /** It gets faster with time. */
  readonly isJavaScript: boolean;
}

/** Every kind of server there is. */
export const peerNames: readonly string[] = ['C', 'node:tls', 'sslctx', 'nginx', 's_server'];

/** sslctx, whose sockets read into one buffer. */
export const withOnRead = 'sslctx, onread';

/** Starts a server; it listens when the promise settles. */
export async function startServer(name: string, setting: Setting, effort: Effort): Promise<Server> {
  const core = effort.cores.server;
  if (name === 'nginx' || name === 's_server') {
    const port = await freePort();
    const isNginx = name === 'nginx';
    const command = isNginx ? nginxCommand(port, setting, effort.certificates.folder) : sServerCommand(port, setting);
    const program = new Program(command, core);
    await untilListening(port);
    return { port, program, isSilent: !isNginx, isJavaScript: false };
  }
  const program = new Program([...ownCommand(name), ...ownOptions(setting)], core);
  return { port: Number(await program.line()), program, isSilent: false, isJavaScript: name !== 'C' };
}

function ownCommand(name: string): readonly string[] {
  if (name === 'C') return [programPath('server')];
  if (name === 'node:tls') return typescript('peers/node-tls.ts', ['--expose-gc']);
  if (name === 'sslctx') return typescript('peers/sslctx.ts', ['--expose-gc']);
  if (name === withOnRead) return [...typescript('peers/sslctx.ts', ['--expose-gc']), '--onread'];
  throw new Error(`there is no server '${name}'; there are: ${peerNames.join(', ')}`);
}

function ownOptions({ tls, tickets, certificate, serve, preload = 0, store, threads = 0 }: Setting): readonly string[] {
  const { cert, key } = certificate;
  const what = ['--tls', tls, '--tickets', tickets, '--serve', serve, '--preload', String(preload)];
  const where = store === undefined ? [] : ['--store', store.kind, '--redis', store.redis];
  const how = threads === 0 ? [] : ['--threads', String(threads)];
  return ['--cert', cert, '--key', key, ...what, ...where, ...how];
}

/** One connection after the other: its cost can be compared, its throughput cannot. */
function sServerCommand(port: number, { tls, tickets, certificate }: Setting): readonly string[] {
  const { cert, key } = certificate;
  return [
    ...['openssl', 's_server', '-quiet', '-accept', `127.0.0.1:${port}`, '-cert', cert, '-key', key],
    ...['-groups', 'X25519:P-256', '-ciphersuites', 'TLS_AES_128_GCM_SHA256'],
    ...['-cipher', 'ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256'],
    ...(tls === '1.2' ? ['-tls1_2'] : ['-tls1_3']),
    ...(tickets === 'stateful' ? ['-no_ticket'] : []),
  ];
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no free port');
  return address.port;
}

/** These two do not say when they are ready. */
async function untilListening(port: number): Promise<void> {
  for (let attempt = 0; attempt < 250; attempt++) {
    const socket = connect(port, '127.0.0.1');
    try {
      await once(socket, 'connect');
      return;
    } catch {
      await setTimeout(20);
    } finally {
      socket.destroy();
    }
  }
  throw new Error(`nothing listens on port ${port}`);
}
