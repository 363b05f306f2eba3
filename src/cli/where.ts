import { endpointText } from './options.ts';

/** Where a client on this machine connects to. */
export function reachable({ host, port }: { host: string; port: number }): string {
  return endpointText({ host: host === '0.0.0.0' || host === '::' ? 'localhost' : host, port });
}
