// `sslctx session`: files with sessions.
import { writeFileSync } from 'node:fs';
import { SslContext } from '../context.ts';
import { SslSession } from '../session.ts';
import { endOf, endText } from './certificate.ts';
import { ExitCode } from './exit.ts';
import { defaultTimeout, type Endpoint, endpointText } from './options.ts';
import { json, line, style, table } from './output.ts';
import { describeFields, describeSecrets, fieldRows, isExpired } from './session-fields.ts';
import { readSession } from './session-file.ts';
import { visit } from './visit.ts';

export interface ShowFlags {
  secrets?: true;
  json?: true;
}

export interface VerifyFlags {
  connect?: Endpoint;
  servername?: string;
  timeout?: number;
  json?: true;
}

export function show(file: string, flags: ShowFlags): number {
  const { session, form } = readSession(file);
  const fields = describeFields(session);
  const secrets = flags.secrets === true ? describeSecrets(session) : { masterKey: undefined, ticket: undefined };
  if (flags.json) json({ form, ...fields, ...secrets });
  else {
    const rows = [['Form', form.toUpperCase()], ...fieldRows(fields)];
    if (secrets.masterKey !== undefined) {
      rows.push([fields.protocol === 'TLSv1.3' ? 'Resumption PSK' : 'Master-Key', secrets.masterKey]);
    }
    if (secrets.ticket !== undefined) rows.push(['Ticket', secrets.ticket]);
    for (const row of table(rows)) line(row);
  }
  return ExitCode.ok;
}

export function convert(from: string, to: string | undefined, wanted: 'pem' | 'der' | undefined): number {
  const { session, form } = readSession(from);
  const next = wanted ?? (form === 'pem' ? 'der' : 'pem');
  const bytes = next === 'pem' ? session.toPEM() : session.toDER();
  if (to === undefined || to === '-') process.stdout.write(bytes);
  // A file that is there may be anything, and its mode anybody's.
  else writeFileSync(to, bytes, { mode: 0o600, flag: 'wx' });
  return ExitCode.ok;
}

interface Check {
  check: string;
  isGood: boolean;
  detail: string;
}

export async function verify(file: string, flags: VerifyFlags): Promise<number> {
  const { session } = readSession(file);
  const checks = [...inspect(session)];
  if (flags.connect !== undefined) checks.push(await ask(session, flags.connect, flags));
  const isGood = checks.every((each) => each.isGood);
  if (flags.json) json({ isGood, checks });
  else {
    for (const { check, isGood: isRight, detail } of checks) {
      line(`${isRight ? style('green', 'yes') : style('red', 'no ')}  ${check}${detail === '' ? '' : `: ${detail}`}`);
    }
  }
  return isGood ? ExitCode.ok : ExitCode.no;
}

function* inspect(session: SslSession): Generator<Check> {
  const { protocol, cipher, isResumable, hasTicket, ticketLifetimeHint, time, expiresAt, peerCertificate } = session;
  const now = Math.floor(Date.now() / 1000);
  const key = session.exportMasterKey();
  const isKeyRight = protocol === 'TLSv1.3' ? key.length === 32 || key.length === 48 : key.length === 48;
  yield {
    check: 'has a cipher suite that this libssl knows',
    isGood: cipher !== undefined,
    detail: cipher?.name ?? '',
  };
  yield { check: `has a key of the length of ${protocol}`, isGood: isKeyRight, detail: `${key.length} bytes` };
  key.fill(0);
  yield { check: 'has an ID or a ticket', isGood: isResumable, detail: hasTicket ? 'ticket' : 'ID' };
  yield { check: 'was not made in the future', isGood: time <= now + 60, detail: '' };
  const left = expiresAt - now;
  yield {
    check: 'has not expired',
    isGood: !isExpired(session),
    detail: left < 0 ? `${-left} s ago` : `${left} s left`,
  };
  if (hasTicket && ticketLifetimeHint > 0) {
    const rest = time + ticketLifetimeHint - now;
    yield { check: 'its ticket is still good by its hint', isGood: rest >= 0, detail: `${rest} s left` };
  }
  if (protocol === 'TLSv1.3' && hasTicket) {
    // RFC 8446, section 4.6.1.
    yield { check: 'its ticket is for seven days at most', isGood: ticketLifetimeHint <= 604_800, detail: '' };
  }
  if (peerCertificate !== undefined) {
    yield {
      check: "the peer's certificate is still valid",
      isGood: endOf(peerCertificate).getTime() / 1000 > now,
      detail: endText(peerCertificate),
    };
  }
  const copy = SslSession.fromDER(session.toDER());
  yield { check: 'is the same when written and read again', isGood: copy.toDER().equals(session.toDER()), detail: '' };
}

async function ask(session: SslSession, where: Endpoint, flags: VerifyFlags): Promise<Check> {
  const context = new SslContext({ minVersion: 'TLSv1', sessionCache: { mode: ['client', 'no-internal'] } });
  const { servername = session.hostname, timeout = defaultTimeout } = flags;
  const { resumption } = await visit({ context, ...where, servername, session, timeout, wait: 0 });
  const detail = resumption.offered ? '' : 'libssl has not offered it';
  return { check: `is resumed by ${endpointText(where)}`, isGood: resumption.accepted, detail };
}

export function compare(first: string, second: string, flags: { json?: true }): number {
  const [a, b] = [readSession(first).session, readSession(second).session];
  const [left, right] = [describeFields(a), describeFields(b)];
  const theirs = new Map<string, unknown>(Object.entries(right));
  const differences = Object.entries(left)
    .filter(([name, value]) => value !== theirs.get(name))
    .map(([name, value]) => ({ field: name, a: value, b: theirs.get(name) }));
  const isKeySame = a.exportMasterKey().equals(b.exportMasterKey());
  const isTicketSame = (a.ticket ?? Buffer.alloc(0)).equals(b.ticket ?? Buffer.alloc(0));
  const isSame = differences.length === 0 && isKeySame && isTicketSame;
  if (flags.json) json({ isSame, isKeySame, isTicketSame, isSameEntry: a.equals(b), differences });
  else if (isSame) line('the same');
  else {
    const shown = (value: unknown): string => (value === undefined ? '-' : String(value));
    const rows = differences.map(({ field, a: mine, b: other }) => [field, shown(mine), shown(other)]);
    if (!isKeySame) rows.push(['master key', 'not shown', 'another']);
    if (!isTicketSame) rows.push(['ticket', 'not shown', 'another']);
    for (const row of table(rows, ['field', first, second])) line(row);
  }
  return isSame ? ExitCode.ok : ExitCode.no;
}
