// The server's side in one of its threads.
import { isMainThread, workerData } from 'node:worker_threads';
import { SslContext } from '../context.ts';
import { checkOptionNames } from '../context-options.ts';
import { SslctxError } from '../errors.ts';
import { createServer, listenOnDescriptor, type SslServer } from './server.ts';
import type { SslServerOptions } from './server-options.ts';
import type { JoinData, Order, Report } from './server-workers.ts';
import type { SslSocket } from './socket.ts';
import { socketOptionNames } from './socket-options.ts';

const names = ['SNICallback', 'ALPNCallback', 'sessionStore', 'lookupTimeout', ...socketOptionNames] as const;

/** What a thread adds to the options that its server has already: above all functions, which stay in their thread. */
export type JoinServerOptions = Pick<SslServerOptions, (typeof names)[number]>;

let hasJoined = false;

/**
 * In a thread that a server with `workers` has started: accepts connections on the server's port, with its contexts and
 * their session cache. Closes with the server; the thread ends when nothing else keeps it.
 *
 * @param listener - for `secureConnection`
 * @throws {SslctxError} `ERR_SSLCTX_STATE` elsewhere, and for a second call
 * @throws {SslctxError} `ERR_SSLCTX_SHARED` for a `sessionStore` where the server has none
 */
export function joinServer(options: JoinServerOptions = {}, listener?: (socket: SslSocket) => void): SslServer {
  checkOptionNames(options, names);
  const data: JoinData | undefined = isMainThread ? undefined : workerData?.sslctx;
  if (data === undefined || hasJoined) {
    throw new SslctxError('ERR_SSLCTX_STATE', 'joinServer is for the threads of a server with workers, once in each');
  }
  const { context, hosts, fd, port, maxConnections } = data;
  const server = createServer({ ...data.options, ...options, context: SslContext.fromShared(context) }, listener);
  for (const [hostname, host] of hosts) server.addContext(hostname, SslContext.fromShared(host));
  server.maxConnections = maxConnections;
  hasJoined = true;
  const report = (what: Report): void => port.postMessage(what);
  const follow = (order: Order): void => {
    try {
      obey(order);
    } catch (error) {
      // Of a context that has been replaced meanwhile: the next order is on its way.
      if (!(error instanceof Error && 'code' in error && error.code === 'ERR_SSLCTX_FREED')) throw error;
    }
  };
  const obey = (order: Order): void => {
    switch (order.what) {
      case 'close':
        server.close();
        break;
      case 'abort':
        server.closeAllConnections();
        break;
      case 'context':
        server.setSecureContext(SslContext.fromShared(order.context));
        break;
      case 'host':
        server.addContext(order.hostname, SslContext.fromShared(order.context));
        break;
      case 'limit':
        server.maxConnections = order.maxConnections;
        break;
      case 'count':
        report({ what: 'count', number: order.number, connections: server.connectionCount });
        break;
    }
  };
  server.once('close', () => {
    report({ what: 'closed' });
    port.close();
  });
  server.once('listening', () => {
    report({ what: 'listening' });
    // Orders may be waiting.
    port.on('message', follow);
    port.unref();
  });
  listenOnDescriptor(server, fd);
  return server;
}
