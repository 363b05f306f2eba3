// What s_server prints, as data. Pure functions, written against the sources of OpenSSL 3.0 to 3.6.

/** One completed handshake as `s_server` reports it. */
export interface SServerConnection {
  /** Whether the server has resumed a session: it printed `Reused session-id`. */
  reused: boolean;
  /** `TLSv1.2`, `TLSv1.3`, ...; `undefined` for a version unknown here. */
  protocol: string | undefined;
  /** OpenSSL's name of the cipher suite. */
  cipher: string;
  /** The server's session as it was when the handshake was done, PEM. */
  session: string;
}

/** Where `s_server` listens. */
export interface ListeningAddress {
  /** Without brackets. */
  host: string;
  port: number;
}

/** Reads where `s_server` listens, `undefined` while it does not. */
export function parseAccept(stdout: string): ListeningAddress | undefined {
  const match = /^ACCEPT \[?([^\]\s]+)\]?:(\d+)$/m.exec(stdout);
  return match?.[1] === undefined ? undefined : { host: match[1], port: Number(match[2]) };
}

/**
 * Reads the completed handshakes from the standard output of `s_server`, in their order. It prints none of this with
 * `-www`, `-rev` or `-quiet`.
 *
 * @see openssl-s_server(1)
 */
export function parseSServerConnections(stdout: string): SServerConnection[] {
  const connections: SServerConnection[] = [];
  // From the session to the note on renegotiation, which is the last line in every version.
  const report = new RegExp(
    '(-----BEGIN SSL SESSION PARAMETERS-----\\n[^-]+-----END SSL SESSION PARAMETERS-----\\n)' +
      '(?:(?!-----BEGIN SSL SESSION)[\\s\\S])*?^CIPHER is (\\S+)\\n' +
      '((?:(?!-----BEGIN SSL SESSION)[\\s\\S])*?)' +
      '^(?:Secure Renegotiation IS|This TLS version forbids renegotiation)',
    'gm',
  );
  for (const [, session = '', cipher = '', rest = ''] of stdout.matchAll(report)) {
    const reused = /^Reused session-id$/m.test(rest);
    connections.push({ reused, protocol: sessionProtocol(session), cipher, session });
  }
  return connections;
}

/** The version of a session: the second integer of its DER (d2i_SSL_SESSION(3)), after the structure's own. */
function sessionProtocol(pem: string): string | undefined {
  const der = Buffer.from(pem.replace(/-----.*-----/g, ''), 'base64');
  const longLength = der.readUInt8(1);
  const start = 2 + (longLength & 0x80 ? longLength & 0x7f : 0);
  const protocols = new Map([
    ['02010102020301', 'TLSv1'],
    ['02010102020302', 'TLSv1.1'],
    ['02010102020303', 'TLSv1.2'],
    ['02010102020304', 'TLSv1.3'],
  ]);
  return protocols.get(der.toString('hex', start, start + 7));
}
