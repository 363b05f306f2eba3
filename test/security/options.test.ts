// Options that nobody has given.
import { once } from 'node:events';
import test, { type ExecutionContext } from 'ava';
import { connect, createServer, RedisSessionStore, SslConnection, SslContext } from '../../src/index.ts';
import { sClient } from '../../src/testing/index.ts';
import { certificate } from '../helpers/classes.ts';
import { listenOn } from '../net/listen.ts';

/** Runs `act` while every object seems to have this option. */
function polluted<T>(name: string, value: unknown, act: () => T): T {
  Object.defineProperty(Object.prototype, name, { value, configurable: true, enumerable: false, writable: true });
  try {
    return act();
  } finally {
    Reflect.deleteProperty(Object.prototype, name);
  }
}

function serve(t: ExecutionContext): Promise<number> {
  return listenOn(
    t,
    createServer(certificate(), (socket) => socket.on('error', () => {})),
  );
}

test.serial('a polluted Object.prototype does not switch the verification of servers off', async (t) => {
  const port = await serve(t);
  const where = { port, host: '127.0.0.1', servername: 'localhost' };
  const socket = polluted('rejectUnauthorized', false, () => connect(where));
  const [error] = await once(socket, 'error');
  t.is(error.code, 'DEPTH_ZERO_SELF_SIGNED_CERT');
  const identity = polluted(
    'checkServerIdentity',
    () => undefined,
    () => connect({ ...where, servername: 'other.example', ca: certificate().cert }),
  );
  const [wrongName] = await once(identity, 'error');
  t.is(wrongName.code, 'ERR_TLS_CERT_ALTNAME_INVALID');
  using context = new SslContext();
  const make = (): SslConnection => new SslConnection(context, {});
  t.throws(() => polluted('rejectUnauthorized', false, make), { code: 'ERR_INVALID_ARG_VALUE' });
});

test.serial('a polluted Object.prototype does not switch the verification of clients off', async (t) => {
  const options = { ...certificate(), ca: certificate().cert, requestCert: true };
  const server = polluted('rejectUnauthorized', false, () => createServer(options));
  server.on('secureConnection', () => t.fail());
  const refused = once(server, 'tlsClientError');
  await sClient({ port: await listenOn(t, server), protocol: 'TLSv1.2' });
  const [error] = await refused;
  t.is(error.code, 'ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE');
});

test.serial('a polluted Object.prototype does not make a store keep plaintext', (t) => {
  const client = Object.assign(Object.create(RedisSessionStore.prototype), { getdelBuffer: () => {} });
  const make = (): RedisSessionStore => new RedisSessionStore({ client });
  t.throws(() => polluted('plaintext', true, make), { code: 'ERR_INVALID_ARG_VALUE' });
});
