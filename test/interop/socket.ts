// What a socket of ours says about its connection.
import type { SslSocket } from '../../src/index.ts';
import type { Mechanism } from './peers/types.ts';

/** What our side saw of one connection. */
export interface OwnSight {
  resumed: boolean;
  protocol: string | null;
  alpn: string | undefined;
  /** The peer's certificate: its subject, as `CN=alice`. */
  subject: string | undefined;
  authorized: boolean;
  resumption: SslSocket['resumption'];
}

/** To be called between the handshake and the end. */
export function look(socket: SslSocket): OwnSight {
  return {
    resumed: socket.isSessionReused(),
    protocol: socket.getProtocol(),
    alpn: socket.alpnProtocol || undefined,
    subject: socket.getPeerX509Certificate()?.subject,
    authorized: socket.authorized,
    resumption: socket.resumption,
  };
}

const kinds: Readonly<Record<string, Mechanism>> = {
  'session-id': 'session ID',
  'stateful-ticket': 'stateful ticket',
  'stateless-ticket': 'stateless ticket',
};

/** What was offered; `undefined` when that is nothing, or something else. */
export function mechanismOf({ resumption }: OwnSight): Mechanism | undefined {
  return kinds[resumption.kind ?? ''];
}
