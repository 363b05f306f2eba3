// The programs of examples/ do what docs/examples.md says.
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { createServer, SslAgent } from '../../src/index.ts';
import { makeCertificate, sClient } from '../../src/testing/index.ts';
import { execute } from '../helpers/process.ts';
import { RedisServer } from '../store/redis.ts';
import { pathOf, run, start } from './program.ts';

function folder(t: ExecutionContext): string {
  const path = mkdtempSync(join(tmpdir(), 'sslctx-'));
  t.teardown(() => rmSync(path, { recursive: true }));
  return path;
}

/** Two visits of s_client with one session: what the server says, and whether the second was resumed. */
async function visitTwice(port: number) {
  const visit = { port, protocol: 'TLSv1.2', until: 'closed' } as const;
  const first = await sClient(visit);
  return sClient({ ...visit, sessionIn: first.session });
}

test('each example is in the table, and is small', (t) => {
  const page = readFileSync(new URL('../../docs/examples.md', import.meta.url), 'utf8');
  const listed = Array.from(page.matchAll(/^\| \[([\w.-]+)\.mjs\]/gm), ([, name = '']) => name).sort();
  const files = readdirSync(new URL('../../examples', import.meta.url)).sort();
  t.deepEqual(
    files,
    listed.map((name) => `${name}.mjs`),
  );
  for (const name of listed) t.true(readFileSync(pathOf(name), 'utf8').split('\n').length <= 60, name);
});

test.serial('echo-server says which connections were resumed', async (t) => {
  const server = await start(t, 'echo-server');
  const visit = { port: server.port, protocol: 'TLSv1.3', send: 'ping\n', until: /ping/ } as const;
  const first = await sClient(visit);
  t.is(await server.line(), 'TLSv1.3 full handshake');
  const second = await sClient({ ...visit, sessionIn: first.session });
  t.true(second.reused);
  t.is(await server.line(), 'TLSv1.3 resumed');
  await server.stop();
});

test.serial('https-logout revokes the sessions of the user who logs out, and of nobody else', async (t) => {
  const server = await start(t, 'https-logout');
  const agents = { ann: client(), bob: client() };
  t.teardown(() => Object.values(agents).forEach((agent) => void agent.destroy()));
  const visit = (user: keyof typeof agents, page: string) =>
    get(`https://localhost:${server.port}/${page}?user=${user}`, agents[user]);
  for (const user of ['ann', 'bob'] as const) {
    t.is(await visit(user, 'login'), `hello ${user}, new\n`);
    t.is(await visit(user, 'login'), `hello ${user}, resumed\n`);
  }
  t.is(await visit('ann', 'logout'), 'revoked\n');
  t.is(await visit('ann', 'login'), 'hello ann, new\n');
  t.is(await visit('bob', 'login'), 'hello bob, resumed\n');
  await server.stop();
});

/** A client that resumes what its own connections have left. */
function client(): SslAgent {
  return new SslAgent({ rejectUnauthorized: false });
}

function get(url: string, agent: SslAgent): Promise<string> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { agent }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('close', () => resolve(text));
    });
    sent.on('error', reject).end();
  });
}

test.serial('client-session-file resumes in its second run, and keeps the session to itself', async (t) => {
  const scratch = folder(t);
  const { cert, key } = makeCertificate();
  const ca = join(scratch, 'ca.pem');
  writeFileSync(ca, cert);
  const server = createServer({ cert, key, sessionIdContext: 'shop' }, (socket) => socket.pipe(socket));
  t.teardown(() => void server.close());
  await new Promise<void>((resolve) => server.listen({ port: 0, host: 'localhost' }, resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const env = { ...process.env, SESSION_FILE: join(scratch, 'session.pem') };
  const outputs = [];
  for (let i = 0; i < 3; i++) {
    const args = [pathOf('client-session-file'), 'localhost', String(address.port), ca];
    const { stdout, stderr } = await execute(process.execPath, args, { env });
    outputs.push(stdout + stderr);
  }
  t.deepEqual(outputs, [
    'TLSv1.3 full handshake\nanswer: hello\n',
    'TLSv1.3 resumed\nanswer: hello\n',
    'TLSv1.3 resumed\nanswer: hello\n',
  ]);
  t.is(statSync(env.SESSION_FILE).mode & 0o777, 0o600);
});

test.serial('redis-store: what one server has made, the other one resumes', async (t) => {
  const redis = await RedisServer.start(t);
  const env = { REDIS_URL: redis.path, STORE_KEY: randomBytes(32).toString('hex') };
  const [one, two] = [await start(t, 'redis-store', env), await start(t, 'redis-store', env)];
  const visit = { protocol: 'TLSv1.3', until: 'closed' } as const;
  const first = await sClient({ ...visit, port: one.port });
  const second = await sClient({ ...visit, port: two.port, sessionIn: first.session });
  t.regex(first.output, /^new, from \d+$/m);
  t.regex(second.output, /^resumed, from \d+$/m);
  await Promise.all([one.stop(), two.stop()]);
});

test.serial('ticket-key-ring: the second process resumes the ticket of the first', async (t) => {
  t.deepEqual(await run(t, 'ticket-key-ring'), ['first process: full handshake', 'second process: resumed']);
});

test.serial('worker-threads: threads resume from one cache', async (t) => {
  const server = await start(t, 'worker-threads');
  const second = await visitTwice(server.port);
  t.regex(second.output, /^resumed, thread \d+$/m);
  t.is(await server.line(), 'sessions: 1');
  await server.stop();
});

test.serial('metrics-endpoint serves what Prometheus asks for', async (t) => {
  const server = await start(t, 'metrics-endpoint', { METRICS_PORT: '0' });
  const second = await visitTwice(server.port);
  t.true(second.reused);
  const response = await fetch(`http://127.0.0.1:${server.metricsPort}/metrics`);
  t.regex(await response.text(), /^sslctx_sess_hits_total\{context="shop"\} 1$/m);
  await server.stop();
});

test.serial('interop.test: its four tests pass', async (t) => {
  const { code, stdout } = await execute(process.execPath, ['--test', '--test-reporter=tap', pathOf('interop.test')]);
  t.is(code, 0, stdout);
  t.regex(stdout, /^# pass 4$/m);
});

test.serial('early-data: taken early, held back, and a replay refused', async (t) => {
  t.deepEqual(await run(t, 'early-data'), [
    'late: GET /1 (not-sent)',
    'early: GET /2 (accepted)',
    'after the handshake: POST /3 (accepted)',
    'late: GET /2 (rejected)',
  ]);
});

test.serial('undici-client resumes from its second connection on', async (t) => {
  t.deepEqual(await run(t, 'undici-client'), ['/1 200 full handshake', '/2 200 resumed', '/3 200 resumed']);
});
