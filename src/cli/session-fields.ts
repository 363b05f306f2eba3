// A session as named values.
import type { SslSession } from '../session.ts';
import { endText, subjectOf } from './certificate.ts';
import { plural, printable, seconds, timestamp } from './output.ts';
import { readDetails } from './session-der.ts';

/** All but the secrets. Bytes are hexadecimal. */
export function describeFields(session: SslSession) {
  const der = session.toDER();
  const details = readDetails(der);
  der.fill(0);
  const isTls13 = session.protocol === 'TLSv1.3';
  const peer = session.peerCertificate;
  return {
    protocol: session.protocol,
    cipher: session.cipher?.name,
    sessionId: session.id.toString('hex'),
    sessionIdContext: session.idContext.toString('hex'),
    time: session.time,
    timeout: session.timeout,
    expiresAt: session.expiresAt,
    isExpired: isExpired(session),
    isResumable: session.isResumable,
    hostname: session.hostname,
    alpn: session.alpn,
    ticketBytes: session.ticket?.length,
    ticketLifetimeHint: session.hasTicket ? session.ticketLifetimeHint : undefined,
    ticketAgeAdd: details.ticketAgeAdd,
    ticketAppData: details.ticketAppData?.toString('hex'),
    maxEarlyData: isTls13 ? session.maxEarlyData : undefined,
    extendedMasterSecret: isTls13 ? undefined : details.extendedMasterSecret,
    maxFragmentLength: details.maxFragmentLength,
    keyExchangeGroup: details.keyExchangeGroup,
    pskIdentityHint: details.pskIdentityHint,
    pskIdentity: details.pskIdentity,
    srpUsername: details.srpUsername,
    verifyResult: details.verifyResult,
    peerSubject: peer && subjectOf(peer),
    peerFingerprint256: peer?.fingerprint256,
    peerValidTo: peer && endText(peer),
  };
}

export type SessionFields = ReturnType<typeof describeFields>;

/** What must not be seen: who has both can resume the session, and read it. */
export function describeSecrets(session: SslSession) {
  return { masterKey: session.exportMasterKey().toString('hex'), ticket: session.ticket?.toString('hex') };
}

export function isExpired({ expiresAt }: SslSession): boolean {
  return expiresAt < Math.floor(Date.now() / 1000);
}

/** Labels as `openssl sess_id -text` has them, where it has them. */
const labels: Readonly<Partial<Record<keyof SessionFields, string>>> = {
  protocol: 'Protocol',
  cipher: 'Cipher',
  sessionId: 'Session-ID',
  sessionIdContext: 'Session-ID-ctx',
  time: 'Start Time',
  timeout: 'Timeout',
  expiresAt: 'Expires',
  isResumable: 'Resumable',
  hostname: 'Server name',
  alpn: 'ALPN',
  ticketBytes: 'TLS session ticket',
  ticketLifetimeHint: 'Ticket lifetime hint',
  ticketAgeAdd: 'Ticket age add',
  ticketAppData: 'Ticket app data',
  maxEarlyData: 'Max Early Data',
  extendedMasterSecret: 'Extended master secret',
  maxFragmentLength: 'Max fragment length',
  keyExchangeGroup: 'Key exchange group',
  pskIdentityHint: 'PSK identity hint',
  pskIdentity: 'PSK identity',
  srpUsername: 'SRP username',
  verifyResult: 'Verify return code',
  peerSubject: 'Peer certificate',
  peerFingerprint256: 'Peer fingerprint',
  peerValidTo: 'Peer valid to',
};

/** What people like to know beside the number. */
function text(name: string, value: string | number | boolean, { isExpired: expired }: SessionFields): string {
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (typeof value === 'string') return printable(value);
  switch (name) {
    case 'time':
      return `${value} (${timestamp(value)})`;
    case 'expiresAt':
      return `${value} (${timestamp(value)}), ${expired ? 'over' : `in ${value - Math.floor(Date.now() / 1000)} s`}`;
    case 'timeout':
    case 'ticketLifetimeHint':
      return seconds(value);
    case 'ticketBytes':
      return plural(value, 'byte');
    case 'keyExchangeGroup':
      return `0x${value.toString(16).padStart(4, '0')}`;
    default:
      return String(value);
  }
}

/** Label and text of each field that there is. */
export function fieldRows(fields: SessionFields): string[][] {
  const rows: string[][] = [];
  for (const [name, value] of Object.entries(fields)) {
    const label = Object.entries(labels).find(([each]) => each === name)?.[1];
    if (label !== undefined && value !== undefined) rows.push([label, text(name, value, fields)]);
  }
  return rows;
}
