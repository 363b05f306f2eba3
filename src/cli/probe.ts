// `sslctx probe`: how does a server resume?
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import type { TlsVersion } from '../constants.ts';
import type { ClientFlags } from './connect.ts';
import { ExitCode } from './exit.ts';
import { contextOptions, type Endpoint, endpointText } from './options.ts';
import { json, line, plural, seconds, style, table } from './output.ts';
import {
  type AddressFacts,
  isNetworkProblem,
  Probe,
  type Target,
  type TicketWay,
  type VersionFacts,
  versionsToProbe,
  type Way,
} from './probe-facts.ts';

export interface ProbeFlags extends ClientFlags {
  address?: string[];
  only?: TlsVersion;
}

/** What is printed with `--json`: one object. */
interface ProbeReport {
  /** Of this form. */
  version: 1;
  server: string;
  servername: string;
  /** The one that was probed. */
  address: string;
  versions: VersionFacts[];
  /** The others, with sessions of that one. */
  addresses: AddressFacts[];
}

export async function probeCommand(where: Endpoint, flags: ProbeFlags): Promise<number> {
  const report = await probe(where, flags);
  if (flags.json) json(report);
  else tell(report);
  if (!report.versions.some(({ supported }) => supported)) return ExitCode.failed;
  return report.versions.some(resumes) ? ExitCode.ok : ExitCode.no;
}

function resumes({ ticket, sessionId }: VersionFacts): boolean {
  return ticket?.resumed === true || sessionId?.resumed === true;
}

async function probe(where: Endpoint, flags: ProbeFlags): Promise<ProbeReport> {
  const servername = flags.servername ?? where.host;
  const addresses = flags.address ?? (await addressesOf(where.host));
  const { timeout, wait, http, early, alpn, minVersion: _, maxVersion: __, ...rest } = flags;
  let failure: unknown;
  for (const address of addresses) {
    const target: Target = {
      host: address,
      port: where.port,
      servername,
      timeout,
      wait,
      alpn,
      http,
      early: early && http,
    };
    const one = new Probe(target, contextOptions(rest));
    const versions: VersionFacts[] = [];
    try {
      for (const version of versionsToProbe(flags.only)) versions.push(await one.version(version));
    } catch (error) {
      // Another address may do, as with any client.
      if (!isNetworkProblem(error) || versions.length > 0) throw error;
      failure = error;
      continue;
    }
    const others = addresses.filter((each) => each !== address);
    const elsewhere: AddressFacts[] = [];
    for (const facts of versions) elsewhere.push(...(await one.elsewhere(facts, others)));
    return { version: 1, server: endpointText(where), servername, address, versions, addresses: elsewhere };
  }
  throw failure;
}

async function addressesOf(host: string): Promise<string[]> {
  if (isIP(host) !== 0) return [host];
  const found = await lookup(host, { all: true });
  return [...new Set(found.map(({ address }) => address))];
}

function tell(report: ProbeReport): void {
  line(`${style('bold', report.server)} at ${report.address}, as ${report.servername}`);
  for (const facts of report.versions) {
    line(style('bold', facts.version));
    const rows = facts.supported ? rowsOf(facts) : [['supported', `no: ${facts.problem ?? 'unknown'}`]];
    for (const row of table(rows)) line(`  ${row}`);
  }
  if (report.addresses.length === 0) return;
  line(style('bold', `Sessions of ${report.address} elsewhere`));
  const rows = report.addresses.map(({ address, version, resumed, problem }) => [
    address,
    version,
    resumed ? 'resumed' : (problem ?? 'not resumed'),
  ]);
  for (const row of table(rows)) line(`  ${row}`);
}

function rowsOf({ version, sessionId, ticket }: VersionFacts): string[][] {
  const rows: string[][] = [];
  if (sessionId !== undefined) rows.push(['session ID', wayText(sessionId)]);
  if (ticket !== undefined) rows.push(['ticket', wayText(ticket)], ...ticketRows(ticket, version));
  return rows;
}

function wayText({ issued, resumed, again }: Way): string {
  if (!issued) return 'none';
  if (!resumed) return 'given, but not resumed';
  return again ? 'resumed, and a second time' : 'resumed, but only once: single use';
}

function ticketRows(ticket: TicketWay, version: TlsVersion): string[][] {
  const { tickets, renewed, kind, issued, resumed } = ticket;
  if (!issued) return [];
  const sizes = [...new Set(tickets.map(({ bytes }) => bytes))].join(' and ');
  const lifetimes = [...new Set(tickets.map(({ lifetime }) => lifetime))];
  const early = Math.max(...tickets.map(({ maxEarlyData }) => maxEarlyData));
  const why = kind === 'stateful' ? 'too short to hold a session' : 'long enough to hold one';
  const rows = [['kind', `${kind}: ${sizes} bytes, ${why}`]];
  const after = resumed ? `, ${renewed} after a resumption` : '';
  rows.push(['tickets', `${plural(tickets.length, 'ticket')} after a full handshake${after}`]);
  rows.push(['lifetime', lifetimes.map((each) => (each === 0 ? 'not told' : seconds(each))).join(' and ')]);
  if (version === 'TLSv1.3') rows.push(['0-RTT', early === 0 ? 'no' : `up to ${early} bytes${earlyText(ticket)}`]);
  return rows;
}

function earlyText({ earlyData }: TicketWay): string {
  if (earlyData === undefined) return '; not tried';
  return earlyData === 'not-sent' ? '; not tried: the session does not allow it here' : `; tried: ${earlyData}`;
}
