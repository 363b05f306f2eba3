// Options and arguments, from text to values.
import { readFileSync } from 'node:fs';
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { TlsVersion } from '../constants.ts';

/** Milliseconds for a TCP connection and its handshake. */
export const defaultTimeout = 10_000;

export const tlsVersions = ['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'] as const satisfies readonly TlsVersion[];

/** A parser of integers. */
export function integer(min: number, max = 0x7fffffff): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= min && value <= max) return value;
    throw new InvalidArgumentError(`An integer from ${min} to ${max} is needed.`);
  };
}

/** `a,b` */
export function list(text: string): string[] {
  return text.split(',').filter((part) => part !== '');
}

/** Where to connect to. */
export interface Endpoint {
  host: string;
  port: number;
}

/** `example.org:443`, `[::1]:443`, or without a port. */
export function endpoint(text: string): Endpoint {
  const match = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d+))?$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  if (host === undefined) throw new InvalidArgumentError('HOST:PORT is needed, as localhost:8443 or [::1]:8443.');
  return { host, port: integer(1, 65_535)(match?.[3] ?? '443') };
}

/** As an endpoint for people. */
export function endpointText({ host, port }: Endpoint): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** A file's bytes; `-` for standard input. */
export function readInput(path: string): Buffer {
  return readFileSync(path === '-' ? 0 : path);
}

export function readOptional(path: string | undefined): Buffer | undefined {
  return path === undefined ? undefined : readFileSync(path);
}

/** What servers and clients have in common. */
export interface CommonFlags {
  cert?: string;
  key?: string;
  ca?: string;
  minVersion?: TlsVersion;
  maxVersion?: TlsVersion;
  ciphers?: string;
  groups?: string;
  alpn?: string[];
  json?: true;
}

export function addCommonOptions(command: Command): Command {
  return command
    .option('--cert <file>', 'own certificate chain, PEM')
    .option('--key <file>', 'its private key, PEM')
    .option('--ca <file>', 'certificates to trust, PEM (default: those of the system)')
    .addOption(new Option('--min-version <version>', 'earliest protocol version').choices(tlsVersions))
    .addOption(new Option('--max-version <version>', 'latest protocol version').choices(tlsVersions))
    .option('--ciphers <list>', "cipher suites, separated by colons, by OpenSSL's names")
    .option('--groups <list>', 'groups for the key exchange, separated by colons')
    .option('--alpn <list>', 'application protocols, separated by commas', list);
}

/** The options of a context for them. */
export function contextOptions(flags: CommonFlags) {
  return {
    cert: readOptional(flags.cert),
    key: readOptional(flags.key),
    ca: readOptional(flags.ca),
    minVersion: flags.minVersion,
    maxVersion: flags.maxVersion,
    ciphers: flags.ciphers,
    ecdhCurve: flags.groups,
  };
}
