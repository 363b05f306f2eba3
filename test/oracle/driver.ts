// The same random sequence of operations as oracle.c, through sslctx: one line an operation.
import * as capi from '../../src/capi/index.ts';
import { asRemoved } from '../helpers/removal-order.ts';

const SLOTS = 48;
const IDS = 24;
const CONTEXTS = 2;
const BASE = 1_000_000_000;

/** xorshift32: the same numbers as in oracle.c. */
function generator(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state = (state ^ (state << 5)) >>> 0;
    return state % below;
  };
}

function idBytes(id: number): Buffer {
  const bytes = Buffer.alloc(32, 0x5a);
  bytes[0] = id;
  return bytes;
}

/** Version, and the first byte of the ID: what tells sessions apart here. */
function nameOf(session: capi.SSL_SESSION): string {
  return `${capi.SSL_SESSION_get_protocol_version(session).toString(16)}:${capi.SSL_SESSION_get_id(session)[0]}`;
}

/** A finished TLS 1.2 connection of the context, for SSL_has_matching_session_id. */
function connectTo(ctx: capi.SSL_CTX): capi.SSL {
  const server = capi.SSL_new(ctx);
  const client = capi.SSL_new(ctx);
  const up = capi.BIO_new(capi.BIO_s_mem());
  const down = capi.BIO_new(capi.BIO_s_mem());
  capi.SSL_set_bio(server, up, down);
  capi.SSL_set_bio(client, down, up);
  capi.SSL_set_accept_state(server);
  capi.SSL_set_connect_state(client);
  for (let turn = 0; turn < 10; turn++) {
    capi.SSL_do_handshake(client);
    capi.SSL_do_handshake(server);
  }
  if (capi.SSL_is_init_finished(server) !== 1) throw new Error('the handshake failed');
  capi.SSL_free(client);
  return server;
}

interface Slot {
  session: capi.SSL_SESSION | null;
  home: number;
}

interface Side {
  ctx: capi.SSL_CTX;
  connection: capi.SSL;
  hasCallback: boolean;
}

/** Two contexts and a pool of sessions, as in oracle.c. */
class World {
  readonly #draw: (below: number) => number;
  readonly #slots: Slot[] = Array.from({ length: SLOTS }, () => ({ session: null, home: -1 }));
  readonly #sides: Side[] = [];
  readonly #cipher: capi.SSL_CIPHER;
  #events: string[] = [];

  constructor(seed: number) {
    this.#draw = generator(seed);
    for (let index = 0; index < CONTEXTS; index++) {
      const ctx = capi.SSL_CTX_new(capi.TLS_method());
      capi.SSL_CTX_set_max_proto_version(ctx, capi.TLS1_2_VERSION);
      capi.SSL_CTX_set_cipher_list(ctx, 'ADH-AES128-GCM-SHA256:@SECLEVEL=0');
      capi.SSL_CTX_set_dh_auto(ctx, 1);
      capi.SSL_CTX_set_session_cache_mode(ctx, capi.SSL_SESS_CACHE_OFF);
      const connection = connectTo(ctx);
      capi.SSL_CTX_set_session_cache_mode(ctx, capi.SSL_SESS_CACHE_SERVER);
      capi.SSL_CTX_sess_set_cache_size(ctx, 20);
      this.#sides.push({ ctx, connection, hasCallback: false });
    }
    const cipher = capi.SSL_get_current_cipher(this.#side(0).connection);
    if (cipher === null) throw new Error('no cipher');
    this.#cipher = cipher;
  }

  /** Does the next operation, and describes it and the state after it. */
  step(): string {
    this.#events = [];
    const result = this.#operate();
    let line = `${result} ${this.#digest().toString(16).padStart(8, '0')}`;
    for (const { ctx } of this.#sides) {
      line += ` ${capi.SSL_CTX_sess_number(ctx)}/${capi.SSL_CTX_sess_cache_full(ctx)}/${capi.SSL_CTX_sess_hits(ctx)}`;
      line += `/${capi.SSL_CTX_sess_misses(ctx)}/${capi.SSL_CTX_sess_timeouts(ctx)}/${capi.SSL_CTX_sess_accept_good(ctx)}`;
    }
    return line + this.#events.map((event) => ` ${event}`).join('');
  }

  free(): void {
    for (const { session } of this.#slots) if (session !== null) capi.SSL_SESSION_free(session);
    for (const { ctx, connection } of this.#sides) {
      capi.SSL_free(connection);
      capi.SSL_CTX_free(ctx);
    }
  }

  #operate(): number {
    const operation = this.#draw(32);
    const slotIndex = this.#draw(SLOTS);
    const c = this.#draw(CONTEXTS);
    const argument = this.#draw(2000);
    const side = this.#side(c);
    const slot = this.#slot(slotIndex);
    const { session } = slot;
    if (operation < 5) {
      this.#put(slotIndex, this.#make(argument));
      return 0;
    }
    if (operation < 15) return session === null ? -1 : this.#add(slot, session, c);
    if (operation < 19) return session === null ? -1 : capi.SSL_CTX_remove_session(side.ctx, session);
    if (operation < 21) {
      if (session === null) return -1;
      this.#put(argument % SLOTS, capi.SSL_SESSION_dup(session));
      return 1;
    }
    if (operation < 23) {
      if (session === null) return -1;
      capi.SSL_SESSION_set_time(session, BASE + Math.floor(argument / 10));
      return capi.SSL_SESSION_get_time(session);
    }
    if (operation < 25) {
      return session === null ? -1 : capi.SSL_SESSION_set_timeout(session, Math.floor(argument / 10));
    }
    if (operation === 25) return this.#flush(side, c, argument);
    if (operation === 26) return capi.SSL_CTX_sess_set_cache_size(side.ctx, argument % 40);
    if (operation === 27) return capi.SSL_CTX_set_timeout(side.ctx, argument);
    if (operation === 28) return capi.SSL_CTX_set_session_cache_mode(side.ctx, modes[argument % 5] ?? 0);
    if (operation === 29) return this.#listen(side, c, argument % 4 !== 0);
    if (operation === 30) return capi.SSL_has_matching_session_id(side.connection, idBytes(argument % IDS));
    this.#put(slotIndex, null);
    return 0;
  }

  #make(argument: number): capi.SSL_SESSION {
    const session = capi.SSL_SESSION_new();
    capi.SSL_SESSION_set_protocol_version(session, argument & 1 ? capi.TLS1_3_VERSION : capi.TLS1_2_VERSION);
    capi.SSL_SESSION_set1_id(session, idBytes(Math.floor(argument / 2) % IDS));
    capi.SSL_SESSION_set_cipher(session, this.#cipher);
    capi.SSL_SESSION_set1_master_key(session, Buffer.alloc(48, 7));
    capi.SSL_SESSION_set_time(session, BASE + (argument % 97));
    capi.SSL_SESSION_set_timeout(session, argument % 89);
    return session;
  }

  #add(slot: Slot, session: capi.SSL_SESSION, c: number): number {
    const { ctx } = this.#side(c);
    if (slot.home !== -1 && slot.home !== c) {
      // In C this would corrupt the other context's list.
      try {
        capi.SSL_CTX_add_session(ctx, session);
      } catch (error) {
        if (error instanceof Error && 'code' in error && error.code === 'ERR_SSLCTX_SESSION_FOREIGN') return -1;
        throw error;
      }
      throw new Error('a foreign session was added');
    }
    slot.home = c;
    return capi.SSL_CTX_add_session(ctx, session);
  }

  #flush(side: Side, c: number, argument: number): number {
    if (argument >= 200) {
      capi.SSL_CTX_flush_sessions(side.ctx, BASE + Math.floor(argument / 10));
      return 0;
    }
    const before = capi.SSL_CTX_sessions(side.ctx).map((session) => `${c}:${nameOf(session)}`);
    capi.SSL_CTX_flush_sessions(side.ctx, 0);
    // libssl goes from the end of its list to the front: this is the order that the snapshot claims.
    const expected = asRemoved(before.reverse()).join();
    if (side.hasCallback && this.#events.join() !== expected) {
      throw new Error(`the order was ${this.#events.join()}, the snapshot said ${expected}`);
    }
    return 0;
  }

  #listen(side: Side, c: number, on: boolean): number {
    side.hasCallback = on;
    capi.SSL_CTX_sess_set_remove_cb(
      side.ctx,
      on ? (_ctx, session) => void this.#events.push(`${c}:${nameOf(session)}`) : null,
    );
    return on ? 1 : 0;
  }

  #put(index: number, session: capi.SSL_SESSION | null): void {
    const slot = this.#slot(index);
    if (slot.session !== null) capi.SSL_SESSION_free(slot.session);
    this.#slots[index] = { session, home: -1 };
  }

  #digest(): number {
    let digest = 2166136261;
    const add = (byte: number) => {
      digest = Math.imul(digest ^ (byte & 0xff), 16777619) >>> 0;
    };
    const addSession = (session: capi.SSL_SESSION) => {
      add(capi.SSL_SESSION_get_protocol_version(session));
      add(capi.SSL_SESSION_get_id(session)[0] ?? 0);
      add(capi.SSL_SESSION_is_resumable(session));
    };
    for (const { ctx } of this.#sides) {
      capi.SSL_CTX_sessions(ctx).forEach(addSession);
      add(0xff);
    }
    for (const { session } of this.#slots) if (session !== null) addSession(session);
    return digest;
  }

  #side(index: number): Side {
    const side = this.#sides[index];
    if (side === undefined) throw new Error('no such context');
    return side;
  }

  #slot(index: number): Slot {
    const slot = this.#slots[index];
    if (slot === undefined) throw new Error('no such slot');
    return slot;
  }
}

const modes = [
  capi.SSL_SESS_CACHE_OFF,
  capi.SSL_SESS_CACHE_SERVER,
  capi.SSL_SESS_CACHE_BOTH,
  capi.SSL_SESS_CACHE_SERVER | capi.SSL_SESS_CACHE_NO_AUTO_CLEAR,
  capi.SSL_SESS_CACHE_BOTH | capi.SSL_SESS_CACHE_NO_INTERNAL,
];

/** The lines of `operations` operations from `seed`. */
export function* drive(seed: number, operations: number): Generator<string, void, undefined> {
  const world = new World(seed);
  try {
    for (let operation = 0; operation < operations; operation++) yield world.step();
  } finally {
    world.free();
  }
}
