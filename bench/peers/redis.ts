// A redis-server of the benchmark's own, on a Unix socket, without files.
import { join } from 'node:path';
import { Program } from '../harness/program.ts';
import type { Effort } from '../harness/rows.ts';

export interface RedisServer {
  readonly path: string;
  readonly program: Program;
}

/** It answers when the promise settles. It shares the clients' core: the servers' is for what is measured. */
export async function startRedis({ certificates, cores }: Effort): Promise<RedisServer> {
  const { folder } = certificates;
  const path = join(folder, 'redis');
  const options = ['--port', '0', '--unixsocket', path, '--save', '', '--appendonly', 'no', '--dir', folder];
  const program = new Program(['redis-server', ...options], cores.client);
  try {
    while (!(await program.line()).includes('eady to accept connections'));
  } catch (cause) {
    throw new Error('redis-server does not start; is it installed? Debian: apt-get install redis-server', { cause });
  }
  return { path, program };
}
