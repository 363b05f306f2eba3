// All that can be asked of a context and of a session, against the model.
import * as capi from '../../src/capi/index.ts';
import type { Session } from './model.ts';
import { COUNTERS, type Counter } from './model.ts';
import type { LiveContext, World } from './world.ts';

const COUNTER: Readonly<Record<Counter, (ctx: capi.SSL_CTX) => number>> = {
  connect: capi.SSL_CTX_sess_connect,
  connect_good: capi.SSL_CTX_sess_connect_good,
  connect_renegotiate: capi.SSL_CTX_sess_connect_renegotiate,
  accept: capi.SSL_CTX_sess_accept,
  accept_good: capi.SSL_CTX_sess_accept_good,
  accept_renegotiate: capi.SSL_CTX_sess_accept_renegotiate,
  hits: capi.SSL_CTX_sess_hits,
  cb_hits: capi.SSL_CTX_sess_cb_hits,
  misses: capi.SSL_CTX_sess_misses,
  timeouts: capi.SSL_CTX_sess_timeouts,
  cache_full: capi.SSL_CTX_sess_cache_full,
};

/** The cache in its order, the counters and the settings. */
export function checkContext(world: World, context: LiveContext): void {
  const { handle, list } = context;
  const cached = capi.SSL_CTX_sessions(handle);
  world.equal(cached.length, list.length, 'how many sessions are in the cache');
  world.equal(capi.SSL_CTX_sess_number(handle), list.length, 'SSL_CTX_sess_number');
  for (const [place, session] of list.entries()) {
    const found = cached[place];
    if (found === undefined) return;
    const key = `${capi.SSL_SESSION_get_protocol_version(found)}:${capi.SSL_SESSION_get_id(found).toString('hex')}`;
    if (key !== session.cacheKey) {
      world.fail(
        `place ${place} of the cache: ${key}, the model says ${list.map((one) => `${one.cacheKey}@${one.expiry}`)}`,
      );
    }
    world.observe(session, found, `place ${place} of the cache`);
    world.equal(capi.SSL_SESSION_get_time(found), session.time, 'time of a cached session');
    world.equal(capi.SSL_SESSION_get_timeout(found), session.timeout, 'timeout of a cached session');
  }
  for (const counter of COUNTERS) world.equal(COUNTER[counter](handle), context.counters[counter], counter);
  world.equal(capi.SSL_CTX_get_session_cache_mode(handle), context.mode, 'mode');
  world.equal(capi.SSL_CTX_sess_get_cache_size(handle), context.size, 'size');
  world.equal(capi.SSL_CTX_get_timeout(handle), context.timeout, 'timeout');
  world.equal(capi.SSL_CTX_get_num_tickets(handle), context.numTickets, 'number of tickets');
  world.equal(
    capi.SSL_CTX_sess_get_remove_cb(handle) !== null,
    context.isObserved,
    'whether there is a remove callback',
  );
}

function hex(bytes: Buffer | null): string | null {
  return bytes === null ? null : bytes.toString('hex');
}

/** Every getter. */
export function checkSession(world: World, session: Session): void {
  const handle = world.handleOf(session);
  world.equal(hex(capi.SSL_SESSION_get_id(handle)), session.id, 'ID');
  world.equal(capi.SSL_SESSION_get_protocol_version(handle), session.version, 'version');
  world.equal(capi.SSL_SESSION_get0_cipher(handle) !== null, session.hasCipher, 'whether there is a cipher');
  world.equal(hex(capi.SSL_SESSION_get_master_key(handle)), session.key, 'master key');
  world.equal(hex(capi.SSL_SESSION_get0_id_context(handle)), session.idContext, 'ID context');
  world.equal(capi.SSL_SESSION_get0_hostname(handle), session.hostname, 'host name');
  world.equal(hex(capi.SSL_SESSION_get0_alpn_selected(handle)), session.alpn, 'ALPN');
  world.equal(hex(capi.SSL_SESSION_get0_ticket_appdata(handle)), session.appData, 'application data');
  world.equal(capi.SSL_SESSION_get_max_early_data(handle), session.maxEarlyData, 'early data');
  world.equal(capi.SSL_SESSION_get_time(handle), session.time, 'time');
  world.equal(capi.SSL_SESSION_get_timeout(handle), session.timeout, 'timeout');
  world.equal(capi.SSL_SESSION_is_resumable(handle), session.isResumable ? 1 : 0, 'whether it is resumable');
  world.equal(capi.SSL_SESSION_has_ticket(handle), session.hasTicket ? 1 : 0, 'whether it has a ticket');
}

/** Reads into the model what a session of libssl's making is. */
export function readSession(session: Session, handle: capi.SSL_SESSION): void {
  session.id = capi.SSL_SESSION_get_id(handle).toString('hex');
  session.version = capi.SSL_SESSION_get_protocol_version(handle);
  session.hasCipher = capi.SSL_SESSION_get0_cipher(handle) !== null;
  session.key = capi.SSL_SESSION_get_master_key(handle).toString('hex');
  session.idContext = capi.SSL_SESSION_get0_id_context(handle).toString('hex');
  session.hostname = capi.SSL_SESSION_get0_hostname(handle);
  session.alpn = hex(capi.SSL_SESSION_get0_alpn_selected(handle));
  session.appData = hex(capi.SSL_SESSION_get0_ticket_appdata(handle));
  session.maxEarlyData = capi.SSL_SESSION_get_max_early_data(handle);
  session.time = capi.SSL_SESSION_get_time(handle);
  session.timeout = capi.SSL_SESSION_get_timeout(handle);
  session.hasTicket = capi.SSL_SESSION_has_ticket(handle) === 1;
}
