// Sessions as DER, as PEM, and many in a row. The same inputs as native/test/fuzz has.
import { SslContext } from '../../../src/context.ts';
import { SslSession } from '../../../src/session.ts';
import { SessionExport, SessionImport } from '../../../src/session-bulk.ts';
import { balanced, claim, refusal, type Target } from '../target.ts';
import { useSession } from './session-use.ts';

function readAndUse(read: () => SslSession, codes: readonly string[]): Promise<string> {
  return balanced(async () => {
    let session: SslSession;
    try {
      session = read();
    } catch (error) {
      return refusal(error, codes);
    }
    try {
      return await useSession(session);
    } finally {
      session.free();
    }
  });
}

export const sessionDer: Target = {
  name: 'session-der',
  isDer: true,
  run: (bytes) => readAndUse(() => SslSession.fromDER(bytes), ['ERR_SSL_*', 'ERR_OSSL_*']),
};

export const sessionPem: Target = {
  name: 'session-pem',
  words: ['-----BEGIN SSL SESSION PARAMETERS-----', '-----END SSL SESSION PARAMETERS-----', '\n', '=', 'Proc-Type: 4,'],
  run: (bytes) => readAndUse(() => SslSession.fromPEM(bytes), ['ERR_SSL_*', 'ERR_OSSL_*', 'ERR_INVALID_ARG_VALUE']),
};

const context = new SslContext({ sessionCache: { size: 5 } });

/** As loadSessions and saveSessions, without the file. */
async function bulk(bytes: Buffer): Promise<string> {
  const sessions = new SessionImport(context, bytes.length % 2 === 0);
  const isWhole = sessions.read(bytes);
  if (isWhole) await sessions.add();
  await sessions.drop();
  const { staged, added, expired, duplicate, noRoom, otherIdContext, unreadable } = sessions.counts;
  claim(!isWhole || staged === added + duplicate + noRoom, 'each session is counted once');
  claim(context.stats.number === added, 'the cache has what was added');
  const out = new SessionExport(context);
  claim(out.next(Buffer.alloc(bytes.length + 65_536)) > 0 === added > 0, 'what was added is written');
  claim(out.counts.sessions === added && out.counts.skipped === 0, 'all of it');
  context.clearSessions();
  const some = [added, expired, duplicate, noRoom, otherIdContext, unreadable].map((count) => Math.min(count, 2));
  return `${isWhole} ${some.join(' ')}`;
}

export const sessionBulk: Target = { name: 'session-bulk', isDer: true, run: bulk };
