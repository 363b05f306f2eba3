// How to run nginx: one process, its shared session cache, and a server that says "x".
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Setting } from './servers.ts';

// Not in everybody's PATH.
const folderOfRoot = '/usr/sbin';

/** The program: its path, or its name. */
export const nginx: string = existsSync(join(folderOfRoot, 'nginx')) ? join(folderOfRoot, 'nginx') : 'nginx';

/** The command that runs nginx on a port; its files are in a folder of their own within `folder`. */
export function nginxCommand(port: number, setting: Setting, folder: string): readonly string[] {
  const prefix = mkdtempSync(join(folder, 'nginx-'));
  const file = join(prefix, 'nginx.conf');
  writeFileSync(file, configuration(port, setting, prefix));
  return [nginx, '-p', prefix, '-e', 'stderr', '-c', file];
}

function configuration(port: number, { tls, tickets, certificate }: Setting, prefix: string): string {
  return `${loadStreamModule()}
daemon off;
master_process off;
pid ${join(prefix, 'pid')};
error_log stderr crit;
events { worker_connections 4096; }
stream {
  ssl_certificate ${certificate.cert};
  ssl_certificate_key ${certificate.key};
  ssl_protocols TLSv${tls};
  ssl_ciphers ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256;
  ssl_conf_command Ciphersuites TLS_AES_128_GCM_SHA256;
  ssl_ecdh_curve X25519:P-256;
  ssl_prefer_server_ciphers on;
  ssl_session_cache shared:SSL:10m;
  ssl_session_tickets ${tickets === 'stateless' ? 'on' : 'off'};
  tcp_nodelay on;
  server {
    listen 127.0.0.1:${port} ssl backlog=511;
    return x;
  }
}
`;
}

/** Debian has the stream module in a file of its own; its package need not be there when nginx is. */
function loadStreamModule(): string {
  const { stderr, error } = spawnSync(nginx, ['-V'], { encoding: 'utf8' });
  if (error !== undefined || !stderr.includes('--with-stream_ssl_module')) {
    throw new Error('nginx with its stream module is needed: node scripts/setup.mjs bench (or: --peers C,node:tls)');
  }
  if (!stderr.includes('--with-stream=dynamic')) return '';
  const modules = /--modules-path=(\S+)/.exec(stderr)?.[1] ?? 'modules';
  return `load_module ${join(modules, 'ngx_stream_module.so')};`;
}
