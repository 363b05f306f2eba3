// What the servers in JavaScript are told on the command line.
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

/** The cipher suites and groups of c/common.h. */
export const ciphers = 'TLS_AES_128_GCM_SHA256:ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256';
export const groups = 'X25519:P-256';

/** A store of sessions in the process, or in Redis. */
export type StoreKind = 'memory' | 'redis';

export interface ServerArguments {
  readonly cert: string;
  readonly key: string;
  readonly version: 'TLSv1.2' | 'TLSv1.3';
  readonly tickets: 'stateful' | 'stateless';
  /** `handshakes`: say "x" and wait for the end. `streams`: do what the client's first line says. */
  readonly serve: 'handshakes' | 'streams';
  /** Sessions to put into the cache. */
  readonly preload: number;
  /** Where sessions lie, when that is not in the server's own memory. */
  readonly store: StoreKind | undefined;
  /** The Unix socket of Redis. */
  readonly redis: string;
  /** That accept in place of the main one. */
  readonly threads: number;
  /** Only uploads: into one buffer. */
  readonly onread: boolean;
}

/** The options of c/server.c, and those of stores. */
export function serverArguments(): ServerArguments {
  const { values } = parseArgs({
    options: {
      cert: { type: 'string', default: '' },
      key: { type: 'string', default: '' },
      tls: { type: 'string', default: '1.3' },
      tickets: { type: 'string', default: 'stateful' },
      serve: { type: 'string', default: 'handshakes' },
      preload: { type: 'string', default: '0' },
      store: { type: 'string' },
      redis: { type: 'string', default: '' },
      threads: { type: 'string', default: '0' },
      onread: { type: 'boolean', default: false },
    },
  });
  return {
    cert: readFileSync(values.cert, 'utf8'),
    key: readFileSync(values.key, 'utf8'),
    version: values.tls === '1.2' ? 'TLSv1.2' : 'TLSv1.3',
    tickets: values.tickets === 'stateful' ? 'stateful' : 'stateless',
    serve: values.serve === 'streams' ? 'streams' : 'handshakes',
    preload: Number(values.preload),
    store: values.store === 'memory' || values.store === 'redis' ? values.store : undefined,
    redis: values.redis,
    threads: Number(values.threads),
    onread: values.onread,
  };
}
