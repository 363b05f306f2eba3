// What can be done with a session that came from outside.
import { checkServerIdentity } from 'node:tls';
import { inspect } from 'node:util';
import { sessionTable } from '../../../src/cli/cache-table.ts';
import { describeFields, describeSecrets, fieldRows } from '../../../src/cli/session-fields.ts';
import { SslContext } from '../../../src/context.ts';
import { describeSession } from '../../../src/control/protocol.ts';
import { toLegacyObject } from '../../../src/memory.ts';
import { SslSession } from '../../../src/session.ts';
import { SessionImport } from '../../../src/session-bulk.ts';
import { claim, claimSame, refusal } from '../target.ts';

export const context = new SslContext({ sessionCache: { size: 5 } });

/** What would move the cursor of a terminal, or colour it. */
export function claimPrintable(text: string): void {
  claim(!/[\p{Cc}\p{Cf}]/u.test(text), 'a terminal gets nothing but text');
}

/** Reads everything, writes it in every form, adds it to a cache and removes it again. In a word: what it has. */
export async function useSession(session: SslSession): Promise<string> {
  const seen = [
    session.protocol,
    session.cipher?.name,
    session.hasTicket,
    session.isResumable,
    session.alpn !== undefined,
  ];
  inspect(session);
  JSON.stringify(session);
  session.toText();
  roundTrip(session);
  print(session);
  identify(session);
  return [...seen, await cache(session)].join(' ');
}

/** As a client does with the certificate of its server. */
function identify({ peerCertificate }: SslSession): void {
  const legacy = peerCertificate && toLegacyObject(peerCertificate);
  if (legacy === undefined) return;
  try {
    checkServerIdentity('localhost', legacy);
  } catch (error) {
    refusal(error, ['ERR_TLS_*']);
  }
}

function roundTrip(session: SslSession): void {
  const der = session.toDER();
  const again = reread(SslSession.fromDER(der), session);
  claimSame(again.toDER(), der, 'what was written is read as the same');
  const third = reread(SslSession.fromPEM(session.toPEM()), session);
  claimSame(third.toDER(), der, 'PEM says the same as DER');
  claim(session.id.length === 0 || again.equals(session), 'a session equals its copy');
  claimSame(describeFields(again), describeFields(third), 'fields say the same');
  third.free();
  again.free();
}

/**
 * libssl does not write the time 0, and what has no time is of now when it is read. A session that was read can have it
 * where libssl counts nanoseconds, since 3.2: seconds that do not fit wrap around.
 */
function reread(copy: SslSession, { time }: SslSession): SslSession {
  if (time !== 0) return copy;
  claim(Math.abs(copy.time - Date.now() / 1000) < 2, 'what was written without a time is of now');
  copy.time = 0;
  return copy;
}

function print(session: SslSession): void {
  const fields = describeFields(session);
  JSON.stringify({ ...fields, ...describeSecrets(session) });
  for (const row of fieldRows(fields)) for (const cell of row) claimPrintable(cell);
  for (const row of sessionTable([describeSession(session)])) claimPrintable(row);
}

async function cache(session: SslSession): Promise<string> {
  const der = session.toDER();
  const copy = SslSession.fromDER(der);
  try {
    const bulk = await importOne(der, copy.expiresAt);
    try {
      claim(context.addSession(copy), 'a new session is added');
      // By its ID, sessions are looked for that TLS can resume.
      claim(context.hasSession(copy.id) || !/^(?:SSL|TLS)v[0-9.]+$/.test(copy.protocol), 'it is found');
      claim(context.removeSession(copy), 'it is removed');
      claim(!context.hasSession(copy.id), 'it is gone');
      return bulk;
    } catch (error) {
      return `${bulk} ${refusal(error, ['ERR_SSLCTX_SESSION_INCOMPLETE', 'ERR_INVALID_ARG_VALUE'])}`;
    }
  } finally {
    copy.free();
    context.clearSessions();
  }
}

/** As loadSessions does; its time must be what the session says. */
async function importOne(der: Buffer, expiresAt: number): Promise<string> {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(der.length);
  const sessions = new SessionImport(context, true);
  const now = Math.floor(Date.now() / 1000);
  claim(sessions.read(Buffer.concat([length, der])), 'what was written is read');
  const { staged, expired, unreadable } = sessions.counts;
  claim(staged + expired + unreadable === 1, 'a session is counted once');
  // Not in the second in which it ends.
  if (unreadable === 0 && Math.abs(expiresAt - now) > 2) claimSame(expired, expiresAt < now ? 1 : 0, 'expired or not');
  await sessions.drop();
  return `${staged}${expired}${unreadable}`;
}
