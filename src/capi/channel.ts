// Sockets and listeners of native/net, by number. For src/channel.ts: users have no names for these.
import { markAsUntransferable } from 'node:worker_threads';
import { contextId, type SSL, type SSL_CTX, type SSL_SESSION, sessionId, sslId } from './handles.ts';
import { native } from './loader.ts';
import type { ChannelOptions, ListenAddress, ListenerOptions } from './native.ts';

export type {
  ChannelOptions,
  ConnectAddress,
  ListenAddress,
  ListenerOptions,
  SocketAddress,
} from './native.ts';

/** What a client hello may have to wait for: the bits of `Question` in native/net/channel.h. */
export const Question = { servername: 1, alpn: 2, ocsp: 4, ids: 8, store: 16 } as const;

/** The same order as `Event` in native/net/reactor.h. */
export const Event = {
  secure: 0,
  data: 1,
  end: 2,
  drained: 3,
  failed: 4,
  systemError: 5,
  session: 6,
  keylog: 7,
  hello: 8,
  output: 9,
  connected: 10,
  buffer: 11,
  renegotiated: 12,
  confirmed: 13,
  filled: 14,
} as const;

/** What a client said, to choose by. */
export interface ClientHello {
  readonly servername: string;
  /** Its protocols, each behind its length. */
  readonly alpn: Buffer;
  readonly requestsOcsp: boolean;
  /** Those that it may resume: at most eight. */
  readonly sessionIds: readonly Buffer[];
}

/** What happens, one member for each kind of event. */
export interface Handlers {
  secure(id: number, owner: number, facts: number): void;
  data(id: number, plaintext: Buffer): boolean;
  /** So many bytes are in the room that `channelSetRoom` gave it. */
  filled(id: number, length: number): boolean;
  end(id: number, isTruncated: boolean): void;
  drained(id: number): void;
  /** OpenSSL's errors are in the queue. */
  failed(id: number, owner: number, facts: number): void;
  systemError(id: number, owner: number, errno: number, syscall: string): void;
  session(id: number, owner: number, session: SSL_SESSION): void;
  keylog(id: number, owner: number, line: Buffer): void;
  hello(id: number, owner: number, hello: ClientHello): void;
  output(id: number, ciphertext: Buffer): void;
  connected(id: number): void;
  renegotiated(id: number): void;
  confirmed(id: number): void;
}

// Native code decrypts into this buffer: what is taken out of it is a part of it, or a copy when it is small.
let plaintext: Buffer = Buffer.alloc(0);
const copied = 4096;

function take(offset: number, length: number): Buffer {
  const part = plaintext.subarray(offset, offset + length);
  return length < copied ? Buffer.from(part) : part;
}

let isInstalled = false;

/** Where events go, once for all. */
export function install(handlers: Handlers): void {
  if (isInstalled) return;
  isInstalled = true;
  native.setDispatcher((event, id, owner, first, second) => {
    switch (event) {
      case Event.secure:
        return handlers.secure(id, owner, first as number);
      case Event.data:
        return handlers.data(id, typeof first === 'number' ? take(first, second as number) : (first as Buffer));
      case Event.filled:
        return handlers.filled(id, first as number);
      case Event.end:
        return handlers.end(id, first as boolean);
      case Event.drained:
        return handlers.drained(id);
      case Event.failed:
        return handlers.failed(id, owner, first as number);
      case Event.systemError:
        return handlers.systemError(id, owner, first as number, second as string);
      case Event.session:
        return handlers.session(id, owner, first as SSL_SESSION);
      case Event.keylog:
        return handlers.keylog(id, owner, first as Buffer);
      case Event.hello:
        return handlers.hello(id, owner, first as ClientHello);
      case Event.output:
        return handlers.output(id, first as Buffer);
      case Event.connected:
        return handlers.connected(id);
      case Event.renegotiated:
        return handlers.renegotiated(id);
      case Event.confirmed:
        return handlers.confirmed(id);
      case Event.buffer:
        plaintext = first as Buffer;
        // Others have parts of it too.
        markAsUntransferable(plaintext.buffer);
    }
    return undefined;
  });
}

export function prepareContext(ctx: SSL_CTX, server: boolean, keylog: boolean): void {
  native.prepareContext(contextId(ctx), server, keylog);
}

export function setAlpnList(ctx: SSL_CTX, wire: Uint8Array): void {
  native.setAlpnList(contextId(ctx), wire);
}

/** Sessions are kept outside of libssl, under IDs made and recognised with these keys; without any, libssl's own. */
export function setSessionStore(ctx: SSL_CTX, keys: readonly Uint8Array[]): void {
  native.setSessionStore(contextId(ctx), Buffer.concat(keys));
}

export function isOwnSessionId(ctx: SSL_CTX, id: Uint8Array): boolean {
  return native.isOwnSessionId(contextId(ctx), id);
}

/** SSL_VERIFY_PEER with a callback that accepts what does not verify. */
export function setLenientVerify(ctx: SSL_CTX): void {
  native.setLenientVerify(contextId(ctx));
}

export function setLenientVerifyOnSsl(ssl: SSL): void {
  native.setLenientVerifyOnSsl(sslId(ssl));
}

/** Whether a client may resume this session with that server: see MayResume of native/net/session_der.h. */
export function mayResumeSession(
  ctx: SSL_CTX,
  session: SSL_SESSION,
  name: string | undefined,
  isLenient: boolean,
): boolean {
  return native.mayResumeSession(contextId(ctx), sessionId(session), name, isLenient);
}

export function listen(ctx: SSL_CTX, where: ListenAddress, options: ListenerOptions): number {
  return native.listen(contextId(ctx), where, options);
}

export function listenerConfigure(id: number, ctx: SSL_CTX | null, options: ListenerOptions): void {
  native.listenerConfigure(id, ctx === null ? null : contextId(ctx), options);
}

export function openChannel(ctx: SSL_CTX, options: ChannelOptions): number {
  return native.openChannel(contextId(ctx), options);
}

export function channelResume(
  id: number,
  answer: {
    context?: SSL_CTX | undefined;
    alpn?: Uint8Array | undefined;
    ocsp?: Uint8Array | undefined;
    sessions?: readonly SSL_SESSION[] | undefined;
  },
): void {
  const { context, alpn, ocsp, sessions = [] } = answer;
  const ctx = context === undefined ? undefined : contextId(context);
  native.channelResume(id, { context: ctx, alpn, ocsp, sessions: sessions.map(sessionId) });
}

export const {
  channelAddress,
  channelAge,
  channelBytes,
  channelClose,
  channelConnect,
  channelInput,
  channelIsEarly,
  channelIssueTicket,
  channelRead,
  channelRenegotiate,
  channelSetEarlyData,
  channelSetRoom,
  channelSetObject,
  channelSetOption,
  channelShutdown,
  channelSsl,
  channelStart,
  channelTell,
  channelWrite,
  listenerAddress,
  listenerDescriptor,
  listenerChannels,
  listenerClose,
  listenerFree,
  listenerPending,
  listenerRef,
} = native;
