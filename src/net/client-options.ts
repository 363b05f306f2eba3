// What clients can be told, and what becomes of it.
import { isIP } from 'node:net';
import { mayResume, type SslChannel } from '../channel.ts';
import { type SslContext, trustForClient } from '../context.ts';
import { invalidType, invalidValue } from '../errors.ts';
import { offerOf } from '../resumption.ts';
import { SslSession } from '../session.ts';

/** The options of clients that are about one connection. */
export interface ClientOptions {
  /**
   * The name or IP address of the server. A name is sent to the server; its certificate must be for either. Needed unless
   * `rejectUnauthorized` is false.
   */
  servername?: string | undefined;
  /** A session to resume, or its DER; one that is not resumable is ignored. SSL_set_session(3). */
  session?: SslSession | Uint8Array | undefined;
  /** Whether the server's certificate must be trusted and be for `servername`. Default true. SSL_set_verify(3). */
  rejectUnauthorized?: boolean | undefined;
}

export const clientOptionNames: readonly string[] = ['servername', 'session', 'rejectUnauthorized'];

/** Makes a client's channel ready for its handshake; returns what it offers, as `offerOf`. */
export function prepareClient(channel: SslChannel, context: SslContext, options: ClientOptions): number {
  const { servername, session, rejectUnauthorized = true } = options;
  if (servername !== undefined && typeof servername !== 'string')
    throw invalidType('servername', 'a string', servername);
  const name = servername === undefined || servername === '' ? undefined : servername;
  if (rejectUnauthorized && name === undefined) {
    throw invalidValue('servername', 'is needed to verify the server: give it, or rejectUnauthorized: false');
  }
  if (rejectUnauthorized) trustForClient(context);
  const own = offered(context, session, name, rejectUnauthorized);
  channel.prepareClient({
    // An IP address is verified, but is no server name to send.
    servername: name !== undefined && isIP(name) === 0 ? name : undefined,
    hostname: rejectUnauthorized ? name : undefined,
    verify: rejectUnauthorized ? 'strict' : 'lenient',
    session: own,
  });
  return own?.isResumable === true ? offerOf(own) : 0;
}

/**
 * The session, unless it must not be resumed here: libssl takes the outcome of the verification over from the session, and
 * verifies nothing again. So it must be for this very name, and have been verified.
 */
function offered(
  context: SslContext,
  session: SslSession | Uint8Array | undefined,
  name: string | undefined,
  mustVerify: boolean,
): SslSession | undefined {
  if (session === undefined) return undefined;
  const own = session instanceof SslSession ? session : SslSession.fromDER(session);
  return !mustVerify || mayResume(context, own, name) ? own : undefined;
}
