// Run by test/context-events.test.ts: a listener that throws for each of three sessions.
import { SslContext, SslSession } from '../../src/index.ts';

const context = new SslContext();
context.on('removeSession', (session) => {
  throw new Error(String(session.timeout));
});
process.on('uncaughtException', (error) => console.log(`uncaught ${error.message}`));
for (const timeout of [1, 2, 3]) context.addSession(SslSession.create({ timeout }));
console.log(`cleared ${context.clearSessions()}`);
