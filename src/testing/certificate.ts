// Throw-away certificates, made by the real openssl program: what a test trusts is then made by code that is not ours.
import { spawnSync } from 'node:child_process';
import { isIP } from 'node:net';
import { TemporaryFiles } from './cleanup.ts';
import { checkOptionNames, invalidValue, isProgramMissing, programMissing, TestingError } from './errors.ts';

/** A certificate and its private key, both PEM, the key unencrypted. */
export interface Certificate {
  /** One X.509 certificate in PEM. */
  cert: string;
  /** Its PKCS#8 private key in PEM, without a passphrase. */
  key: string;
}

/** What {@link makeCertificate} can be told. */
export interface CertificateOptions {
  /**
   * The subject's common name. Default `localhost`; of an authority `localhost CA`: OpenSSL 4.0 takes a certificate whose
   * issuer has its name for self-signed.
   */
  commonName?: string | undefined;
  /** The subject's alternative names: host names and IP addresses. Default `localhost`, `127.0.0.1` and `::1`. */
  altNames?: readonly string[] | undefined;
  /** Days until it expires, counted from now; an integer of at least 1. Default 7. */
  days?: number | undefined;
  /** `ec` is P-256 and takes some 20 ms; an RSA key can take some seconds. Default `ec`. */
  keyType?: 'ec' | 'rsa' | undefined;
  /** The length of an RSA key, 1024 to 16384. Default 2048. */
  bits?: number | undefined;
  /** Who signs it. Default: itself. */
  issuer?: Certificate | undefined;
  /** Make a certification authority, which may be the `issuer` of others. Default false. */
  isCa?: boolean | undefined;
  /** Make it for a client (extended key usage `clientAuth`) instead of for a server. Default false. */
  client?: boolean | undefined;
  /** The program to run. Default `openssl`, looked up in `PATH`. */
  program?: string | undefined;
}

const optionNames: Readonly<Record<keyof CertificateOptions, true>> = {
  commonName: true,
  altNames: true,
  days: true,
  keyType: true,
  bits: true,
  issuer: true,
  isCa: true,
  client: true,
  program: true,
};

/**
 * Makes a certificate and its key with `openssl req`, for one test run: call it in the test, keep nothing on disk. A
 * self-signed certificate can be given to the peer as its `ca`.
 *
 * Synchronous: about 20 ms for the default, elliptic curve P-256. Needs OpenSSL 3.0 or later.
 *
 * @returns the certificate and the key in PEM; no file is left behind
 * @throws {TestingError} `ERR_SSLCTX_PROGRAM_MISSING`: there is no `openssl` program, and the message says how to
 *   install it; `ERR_SSLCTX_PROGRAM_FAILED`: it refused, and `output` has its words
 * @throws {TypeError} `ERR_INVALID_ARG_VALUE` for an option that no certificate can be made from
 * @see openssl-req(1)
 */
export function makeCertificate(options: CertificateOptions = {}): Certificate {
  checkOptionNames(options, optionNames);
  const { isCa = false, days = 7, issuer, program = 'openssl' } = options;
  const { commonName = isCa ? 'localhost CA' : 'localhost' } = options;
  if (!Number.isInteger(days) || days < 1) throw invalidValue('days', 'must be an integer of at least 1');
  if (commonName === '' || /\p{Cc}/u.test(commonName)) throw invalidValue('commonName', 'must be printable text');
  const config = configuration(options);
  const newKey = keyArguments(options);

  const files = new TemporaryFiles();
  try {
    const issuerArguments =
      issuer === undefined
        ? []
        : ['-CA', files.write('issuer.cert', issuer.cert), '-CAkey', files.write('issuer.key', issuer.key)];
    run(program, [
      'req',
      '-x509',
      '-batch',
      '-utf8',
      '-config',
      files.write('config', config),
      '-extensions',
      'extensions',
      '-subj',
      `/CN=${commonName.replace(/[/+\\]/g, '\\$&')}`,
      '-days',
      String(days),
      '-sha256',
      ...newKey,
      '-keyout',
      files.path('key'),
      '-out',
      files.path('cert'),
      ...issuerArguments,
    ]);
    return { cert: files.read('cert') ?? '', key: files.read('key') ?? '' };
  } finally {
    files.remove();
  }
}

function keyArguments({ keyType = 'ec', bits = 2048 }: CertificateOptions): string[] {
  if (keyType === 'ec') return ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-noenc'];
  if (keyType !== 'rsa') throw invalidValue('keyType', `must be 'ec' or 'rsa'`);
  if (!Number.isInteger(bits) || bits < 1024 || bits > 16384) throw invalidValue('bits', 'must be 1024 to 16384');
  return ['-newkey', `rsa:${bits}`, '-noenc'];
}

/** A configuration of our own: the system's differs by distribution, and adds CA:TRUE to every self-signed one. */
function configuration({ altNames = ['localhost', '127.0.0.1', '::1'], ...options }: CertificateOptions): string {
  const { isCa = false, client = false, keyType } = options;
  const names = altNames.map((name, index) => {
    if (isIP(name) !== 0) return `IP.${index} = ${name}`;
    if (!/^[\w*.-]+$/.test(name)) throw invalidValue('altNames', `has '${name}', no host name or IP address`);
    return `DNS.${index} = ${name}`;
  });
  const usage = isCa ? 'keyCertSign, cRLSign, ' : '';
  return [
    '[req]',
    'distinguished_name = subject',
    '[subject]',
    '[extensions]',
    `basicConstraints = critical, CA:${isCa ? 'TRUE' : 'FALSE'}`,
    'subjectKeyIdentifier = hash',
    'authorityKeyIdentifier = keyid',
    `keyUsage = critical, ${usage}digitalSignature${keyType === 'rsa' ? ', keyEncipherment' : ''}`,
    ...(isCa ? [] : [`extendedKeyUsage = ${client ? 'clientAuth' : 'serverAuth'}`]),
    ...(names.length > 0 ? ['subjectAltName = @names', '[names]', ...names] : []),
    '',
  ].join('\n');
}

function run(program: string, args: readonly string[]): void {
  const { error, status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8' });
  if (error !== undefined) {
    if (isProgramMissing(error)) throw programMissing(program, error);
    throw new TestingError('ERR_SSLCTX_PROGRAM_FAILED', `${program} did not run: ${error.message}`, { cause: error });
  }
  if (status !== 0) {
    const output = `${stdout}${stderr}`;
    throw new TestingError('ERR_SSLCTX_PROGRAM_FAILED', `'${program} req' ended with status ${status}:\n${output}`, {
      exitCode: status,
      output,
    });
  }
}
