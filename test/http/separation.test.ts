// No session goes from one origin to another: each part of what makes an origin, alone, keeps them apart.
import { checkServerIdentity } from 'node:tls';
import test, { type ExecutionContext } from 'ava';
import { createServer } from '../../src/http/https.ts';
import { SslContext } from '../../src/index.ts';
import { makeCertificate } from '../../src/testing/index.ts';
import { protocols } from '../helpers/classes.ts';
import { type Answer, agentFor, ask } from './clients.ts';
import { portOf } from './listen.ts';

const server = makeCertificate({ altNames: ['localhost', 'other.test', '127.0.0.1'] });
const clients = makeCertificate({ isCa: true });
const [alice, bob] = ['alice', 'bob'].map((commonName) =>
  makeCertificate({ commonName, client: true, issuer: clients }),
);
const otherTrust = makeCertificate();

interface Place {
  port: number;
  otherPort: number;
}

/** One server on two ports: what it gives at one, it would resume at the other. */
async function place(t: ExecutionContext, protocol: 'TLSv1.2' | 'TLSv1.3'): Promise<Place> {
  const context = new SslContext({
    ...server,
    ca: clients.cert,
    requestCert: true,
    rejectUnauthorized: false,
    minVersion: protocol,
    maxVersion: protocol,
    numTickets: 2,
    ALPNProtocols: ['http/1.1', 'other'],
  });
  const listener: Parameters<typeof createServer>[1] = (_request, response) => response.end('hello');
  const [one, other] = [createServer({ context }, listener), createServer({ context }, listener)];
  return { port: await portOf(t, one), otherPort: await portOf(t, other) };
}

/** What differs between the two kinds of request. */
const differences: Record<string, (where: Place) => [object, object]> = {
  port: ({ otherPort }) => [{}, { port: otherPort }],
  host: () => [{ servername: 'localhost' }, { servername: 'localhost', host: '127.0.0.1' }],
  servername: () => [{}, { servername: 'other.test' }],
  'client certificate': () => [{ ...alice }, { ...bob }],
  'no client certificate': () => [{ ...alice }, {}],
  'trust store': () => [{}, { ca: [server.cert, otherTrust.cert] }],
  'rejectUnauthorized, lenient first': () => [{ rejectUnauthorized: false }, {}],
  'rejectUnauthorized, lenient last': () => [{}, { rejectUnauthorized: false }],
  checkServerIdentity: () => [{}, { checkServerIdentity: () => undefined }],
  'another checkServerIdentity': () => [
    { checkServerIdentity: () => undefined },
    { checkServerIdentity: (...args: Parameters<typeof checkServerIdentity>) => checkServerIdentity(...args) },
  ],
  requestOCSP: () => [{}, { requestOCSP: true }],
  ALPN: () => [{ ALPNProtocols: ['http/1.1'] }, { ALPNProtocols: ['http/1.1', 'other'] }],
  'cipher suites': () => [{}, { ciphers: 'TLS_AES_128_GCM_SHA256:ECDHE-ECDSA-AES128-GCM-SHA256' }],
  'signature algorithms': () => [{}, { sigalgs: 'ECDSA+SHA256' }],
  'protocol versions': () => [{}, { minVersion: 'TLSv1.1' }],
  context: () => [
    { context: new SslContext({ ca: server.cert, sessionCache: { mode: ['client'] } }) },
    { context: new SslContext({ ca: server.cert, sessionCache: { mode: ['client'] } }) },
  ],
};

for (const protocol of protocols) {
  for (const [name, variants] of Object.entries(differences)) {
    test(`${name}, ${protocol}`, async (t) => {
      const where = await place(t, protocol);
      const [own, other] = variants(where);

      const agent = agentFor(t, { ca: undefined });
      const trust = 'context' in own ? {} : { ca: server.cert };
      const askWith = (more: object): Promise<Answer> => ask(agent, { port: where.port, ...trust, ...more });

      t.false((await askWith(own)).resumption.offered);
      t.false((await askWith(other)).resumption.offered);
      // They could have: each resumes its own.
      t.true((await askWith(own)).resumption.accepted);
      t.true((await askWith(other)).resumption.accepted);
    });

    test(`${name}: no shared connection either, ${protocol}`, async (t) => {
      const where = await place(t, protocol);
      const [own, other] = variants(where);
      const trust = 'context' in own ? {} : { ca: server.cert };
      const agent = agentFor(t, { ca: undefined, keepAlive: true });
      await ask(agent, { port: where.port, ...trust, ...own });
      await ask(agent, { port: where.port, ...trust, ...other });
      t.is(Object.values(agent.freeSockets).flat().length, 2);
    });
  }
}

test('a wrong name or no trust is refused, with a session in stock and without', async (t) => {
  const { port } = await place(t, 'TLSv1.3');
  const agent = agentFor(t, { ca: undefined });
  await ask(agent, { port, ca: server.cert });
  await t.throwsAsync(ask(agent, { port, ca: otherTrust.cert }), { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
  await t.throwsAsync(ask(agent, { port, ca: server.cert, servername: 'evil.test' }), { message: /evil\.test|name/i });
  await t.throwsAsync(ask(agent, { port }));
  t.true((await ask(agent, { port, ca: server.cert })).resumption.accepted);
});

test('a check of the identity that fails leaves no session behind', async (t) => {
  for (const protocol of protocols) {
    const { port } = await place(t, protocol);
    const context = new SslContext({ ca: server.cert, sessionCache: { mode: ['client'] } });
    const agent = agentFor(t, { ca: undefined, context });
    let isGood = false;
    const check = () => (isGood ? undefined : new Error('not this one'));
    await t.throwsAsync(ask(agent, { port, checkServerIdentity: check }), { message: 'not this one' });
    t.is(context.stats.number, 0);
    isGood = true;
    t.false((await ask(agent, { port, checkServerIdentity: check })).resumption.offered);
    // It is asked for resumed connections too.
    isGood = false;
    await t.throwsAsync(ask(agent, { port, checkServerIdentity: check }), { message: 'not this one' });
  }
});
