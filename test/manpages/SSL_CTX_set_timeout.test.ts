// SSL_CTX_set_timeout(3) and SSL_CTX_get_timeout(3), in the order of the page.
import test from 'ava';
import * as capi from '../../src/capi/index.ts';
import { leavesNoErrors } from '../helpers/errors.ts';
import { createSslCtxPair, exchange } from '../helpers/pair.ts';
import { emptyContext, now, protocols, statefulPair } from './common.ts';

test.afterEach(leavesNoErrors);

function timeouts(ctx: capi.SSL_CTX): number[] {
  return [...new Set(capi.SSL_CTX_sessions(ctx).map(capi.SSL_SESSION_get_timeout))];
}

for (const { name, version } of protocols) {
  test.serial(`${name}: sets the timeout of new sessions, in seconds`, (t) => {
    const pair = statefulPair(version);
    capi.SSL_CTX_set_timeout(pair.sctx, 60);
    exchange(pair);
    t.deepEqual(timeouts(pair.sctx), [60]);
  });
}

test.serial('SSL_CTX_get_timeout returns the value that is set', (t) => {
  const ctx = emptyContext();
  for (const timeout of [1, 300, 2 ** 31 - 1]) {
    capi.SSL_CTX_set_timeout(ctx, timeout);
    t.is(capi.SSL_CTX_get_timeout(ctx), timeout);
  }
});

for (const { name, version } of protocols) {
  test.serial(`${name}: a session stores the time of its creation and the timeout of that moment`, (t) => {
    const pair = statefulPair(version);
    capi.SSL_CTX_set_timeout(pair.sctx, 60);
    const before = now();
    exchange(pair);
    const after = now();
    for (const session of capi.SSL_CTX_sessions(pair.sctx)) {
      const time = capi.SSL_SESSION_get_time(session);
      // libssl may ask a coarser clock, which is a few milliseconds late.
      t.true(before - 1 <= time && time <= after);
      t.is(capi.SSL_SESSION_get_timeout(session), 60);
    }
  });

  test.serial(`${name}: later than creation time plus timeout, a session is not reused`, (t) => {
    for (const [age, reused] of [
      [50, true],
      [70, false],
    ] as const) {
      const pair = statefulPair(version);
      capi.SSL_CTX_set_timeout(pair.sctx, 60);
      const { session } = exchange(pair);
      for (const one of capi.SSL_CTX_sessions(pair.sctx)) capi.SSL_SESSION_set_time(one, now() - age);
      t.is(exchange(pair, session).reused, reused);
    }
  });

  test.serial(`${name}: a change of the timeout does not affect established sessions`, (t) => {
    const pair = statefulPair(version);
    capi.SSL_CTX_set_timeout(pair.sctx, 60);
    const { session } = exchange(pair);
    capi.SSL_CTX_set_timeout(pair.sctx, 1);
    t.deepEqual(timeouts(pair.sctx), [60]);
    for (const one of capi.SSL_CTX_sessions(pair.sctx)) capi.SSL_SESSION_set_time(one, now() - 50);
    t.true(exchange(pair, session).reused);
  });

  test.serial(`${name}: SSL_SESSION_set_timeout modifies the expiration of a single session`, (t) => {
    const pair = statefulPair(version);
    capi.SSL_CTX_set_timeout(pair.sctx, 60);
    const { session } = exchange(pair);
    for (const one of capi.SSL_CTX_sessions(pair.sctx)) {
      capi.SSL_SESSION_set_time(one, now() - 70);
      capi.SSL_SESSION_set_timeout(one, 1000);
    }
    t.true(exchange(pair, session).reused);
    t.is(capi.SSL_CTX_get_timeout(pair.sctx), 60);
  });
}

test.serial('the default is the same for all protocols, and that of SSL_get_default_timeout', (t) => {
  for (const version of [capi.TLS1_VERSION, capi.TLS1_2_VERSION, capi.TLS1_3_VERSION]) {
    const { sctx, cctx } = createSslCtxPair(version, version);
    for (const ctx of [sctx, cctx]) {
      t.is(capi.SSL_CTX_get_timeout(ctx), capi.SSL_get_default_timeout(capi.SSL_new(ctx)));
      t.is(capi.SSL_CTX_get_timeout(ctx), 7200);
    }
  }
});

for (const { name, version } of protocols) {
  test.serial(`${name}: the timeout is the lifetime hint of stateless tickets`, (t) => {
    const pair = createSslCtxPair(version, version);
    capi.SSL_CTX_set_timeout(pair.sctx, 60);
    t.is(capi.SSL_SESSION_get_ticket_lifetime_hint(exchange(pair).session), 60);
  });

  test.serial(`${name}: the timeout is in the ticket itself`, (t) => {
    const pair = createSslCtxPair(version, version);
    capi.SSL_CTX_set_timeout(pair.sctx, 60);
    const { session } = exchange(pair);
    capi.SSL_CTX_set_timeout(pair.sctx, 1000);
    const found: number[] = [];
    capi.SSL_CTX_set_session_ticket_cb(pair.sctx, null, (_ssl, decrypted) => {
      if (decrypted === null) return capi.SSL_TICKET_RETURN_IGNORE_RENEW;
      found.push(capi.SSL_SESSION_get_timeout(decrypted));
      return capi.SSL_TICKET_RETURN_USE;
    });
    t.true(exchange(pair, session).reused);
    t.deepEqual(found, [60]);
  });
}

test.serial('TLS 1.3: at most one week, 604800 seconds, is sent', (t) => {
  const pair = createSslCtxPair(capi.TLS1_3_VERSION, capi.TLS1_3_VERSION);
  for (const timeout of [604_799, 604_800, 604_801]) {
    capi.SSL_CTX_set_timeout(pair.sctx, timeout);
    const hint = capi.SSL_SESSION_get_ticket_lifetime_hint(exchange(pair).session);
    t.is(hint, Math.min(timeout, 604_800));
  }
});

test.serial('TLS 1.2: the ticket of a first handshake has the value as set, one of a resumption has 0', (t) => {
  const pair = createSslCtxPair(capi.TLS1_2_VERSION, capi.TLS1_2_VERSION);
  capi.SSL_CTX_set_timeout(pair.sctx, 1_000_000);
  capi.SSL_CTX_set_session_ticket_cb(pair.sctx, null, (_ssl, session) =>
    session === null ? capi.SSL_TICKET_RETURN_IGNORE_RENEW : capi.SSL_TICKET_RETURN_USE_RENEW,
  );
  const first = exchange(pair);
  t.is(capi.SSL_SESSION_get_ticket_lifetime_hint(first.session), 1_000_000);
  const second = exchange(pair, first.session);
  t.true(second.reused);
  t.notDeepEqual(capi.SSL_SESSION_get0_ticket(second.session), capi.SSL_SESSION_get0_ticket(first.session));
  t.is(capi.SSL_SESSION_get_ticket_lifetime_hint(second.session), 0);
});

test.serial('SSL_CTX_set_timeout returns the value that was set before', (t) => {
  const ctx = emptyContext();
  t.is(capi.SSL_CTX_set_timeout(ctx, 60), 7200);
  t.is(capi.SSL_CTX_set_timeout(ctx, 1), 60);
  t.is(capi.SSL_CTX_get_timeout(ctx), 1);
});
