// Where the numbers come from.
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { availableParallelism, cpus, release, totalmem } from 'node:os';
import type { Effort } from '../harness/rows.ts';
import { nginx } from '../peers/nginx.ts';

/** Machine, versions and effort, by their names. */
export function describeMachine(effort: Effort): Record<string, string> {
  const { server, client } = effort.cores;
  return {
    date: new Date().toISOString(),
    processor: `${cpus()[0]?.model ?? 'unknown'}, ${availableParallelism()} cores`,
    memory: `${Math.round(totalmem() / 2 ** 30)} GiB`,
    kernel: `${process.platform} ${release()}, ${process.arch}`,
    tcp: `servers send by ${congestionControl()}, clients by reno`,
    node: `${process.version} with OpenSSL ${process.versions.openssl}`,
    libssl: execFileSync(process.env.PKG_CONFIG || 'pkg-config', ['--modversion', 'libssl'], {
      encoding: 'utf8',
    }).trim(),
    nginx: spawnSync(nginx, ['-v'], { encoding: 'utf8' }).stderr?.trim() || 'none',
    effort: `${effort.rounds} rounds of ${effort.seconds} s${effort.isQuick ? ', quick' : ''}`,
    cores: server === undefined ? 'not pinned' : `servers on ${server}, clients on ${client}`,
  };
}

/** What Node's sockets and those of all other servers have. */
function congestionControl(): string {
  try {
    return readFileSync('/proc/sys/net/ipv4/tcp_congestion_control', 'utf8').trim();
  } catch {
    return "the system's default";
  }
}
