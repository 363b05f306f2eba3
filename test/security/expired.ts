// Certificates whose time is over, and contexts that do not look at the time: sessions as they are when it is over later.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as capi from '../../src/capi/index.ts';
import { contextHandle } from '../../src/context.ts';
import type { SslContext } from '../../src/index.ts';
import { type Certificate, makeCertificate } from '../../src/testing/index.ts';

const ignoreTime = 0x20_00_00; // X509_V_FLAG_NO_CHECK_TIME

/** A certificate for localhost that was good last year, and who has signed it. */
export function makeExpired(): Certificate & { ca: string } {
  const folder = mkdtempSync(join(tmpdir(), 'sslctx-expired-'));
  try {
    const at = (name: string): string => join(folder, name);
    const authority = makeCertificate({ isCa: true, commonName: 'authority' });
    writeFileSync(at('ca.pem'), authority.cert + authority.key);
    writeFileSync(at('index'), '');
    const settings = ['[ca]', 'default_ca=own', '[own]', `new_certs_dir=${folder}`, `database=${at('index')}`];
    settings.push('rand_serial=yes', 'default_md=sha256', 'policy=any', 'x509_extensions=more', '[any]');
    settings.push('commonName=supplied', '[more]', 'subjectAltName=DNS:localhost');
    writeFileSync(at('settings'), settings.join('\n'));
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', at('key.pem')];
    const quiet = { stdio: 'pipe' } as const;
    execFileSync('openssl', ['req', '-new', ...key, '-subj', '/CN=localhost', '-out', at('request')], quiet);
    const year = new Date().getUTCFullYear() - 1;
    const signer = ['-config', at('settings'), '-cert', at('ca.pem'), '-keyfile', at('ca.pem'), '-batch', '-notext'];
    const time = ['-startdate', `${year}0101000000Z`, '-enddate', `${year}0102000000Z`];
    execFileSync('openssl', ['ca', ...signer, ...time, '-in', at('request'), '-out', at('cert.pem')], quiet);
    const read = (name: string): string => readFileSync(at(name), 'utf8');
    return { ca: authority.cert, cert: read('cert.pem'), key: read('key.pem') };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** From now on, the time of certificates is no matter to it: as if it were still last year. */
export function stopClock(context: SslContext): void {
  capi.X509_STORE_set_flags(capi.SSL_CTX_get_cert_store(contextHandle(context)), ignoreTime);
}
