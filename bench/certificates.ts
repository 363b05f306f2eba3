// The certificates of the servers, made anew for each run.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeCertificate } from '../src/testing/index.ts';
import type { Certificates } from './harness/rows.ts';

/** Writes them into `folder`. */
export function makeCertificates(folder: string): Certificates {
  const make = (keyType: 'ec' | 'rsa'): Certificates['rsa'] => {
    const { cert, key } = makeCertificate({ keyType });
    const paths = { cert: join(folder, `${keyType}.crt`), key: join(folder, `${keyType}.key`) };
    writeFileSync(paths.cert, cert);
    writeFileSync(paths.key, key, { mode: 0o600 });
    return paths;
  };
  return { folder, ecdsa: make('ec'), rsa: make('rsa') };
}
