// Where to listen and where to connect to: from Node's arguments to addresses.
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import type { ListenAddress } from '../channel.ts';
import { checkOptionNames } from '../context-options.ts';
import { invalidType, requireInteger } from '../errors.ts';

/** As the options of Node's `server.listen`. */
export interface ListenOptions {
  /** 0 to 65535; 0 for any free one. */
  port?: number | undefined;
  /** Default: all addresses, of both families where there are both. */
  host?: string | undefined;
  /** Of a Unix socket, in place of `port` and `host`. */
  path?: string | undefined;
  /** How many connections may wait to be accepted. Default 511. */
  backlog?: number | undefined;
  ipv6Only?: boolean | undefined;
  /** Several processes or threads share the port, and the kernel distributes the connections. socket(7), SO_REUSEPORT. */
  reusePort?: boolean | undefined;
  /**
   * In a worker of `node:cluster`: a socket of the worker's own, and not the primary's for this port. So is one with
   * `reusePort`, which is the faster way to share a port. Default false, as in Node.
   */
  exclusive?: boolean | undefined;
  /** A descriptor that listens already, in place of all that: systemd's socket activation gives the first as 3. */
  fd?: number | undefined;
  /** Closes the server. */
  signal?: AbortSignal | undefined;
}

const names = ['port', 'host', 'path', 'backlog', 'ipv6Only', 'reusePort', 'signal', 'exclusive', 'fd'];

/** Node's several forms of `listen` as one. A string of digits is a port, as environment variables give it. */
export function listenOptions(
  where: number | string | ListenOptions,
  more: ReadonlyArray<string | number | (() => void)>,
): { options: ListenOptions; callback: (() => void) | undefined } {
  const callback = more.find((each) => typeof each === 'function');
  const backlog = more.find((each) => typeof each === 'number');
  const host = more.find((each) => typeof each === 'string');
  if (typeof where === 'string' && !isPort(where)) return { options: { path: where, backlog }, callback };
  if (typeof where === 'string') return { options: checked({ port: Number(where), host, backlog }), callback };
  if (typeof where === 'number') return { options: checked({ port: where, host, backlog }), callback };
  if (typeof where !== 'object' || where === null) throw invalidType('options', 'a port, a path or an object', where);
  checkOptionNames(where, names);
  return { options: checked(where), callback };
}

function isPort(text: string): boolean {
  return /^\d+$/.test(text);
}

function checked(options: ListenOptions): ListenOptions {
  if (options.fd !== undefined) requireInteger('fd', options.fd, 0, 0x7fffffff);
  if (options.path === undefined) requireInteger('port', options.port ?? 0, 0, 65_535);
  if (options.backlog !== undefined) requireInteger('backlog', options.backlog, 1, 0x7fffffff);
  return options;
}

/** What to try, one after the other. */
export async function addressesFor(options: ListenOptions): Promise<ListenAddress[]> {
  const { path, port = 0, host, backlog = 511, ipv6Only, reusePort } = options;
  if (path !== undefined) return [{ path, backlog }];
  const common = { port, backlog, ipv6Only, reusePort };
  if (host === undefined || host === '')
    return [
      { ...common, address: '::' },
      { ...common, address: '0.0.0.0' },
    ];
  const address = isIP(host) === 0 ? (await lookup(host)).address : host;
  return [{ ...common, address }];
}
