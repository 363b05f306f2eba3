// What is in a session, read from its DER: of some fields, libssl has no function that tells.
// The structure is that of d2i_SSL_SESSION(3): version, SSL version, cipher, ID, key, then optional fields by number.

/** What libssl puts into the DER and the classes do not tell. */
export interface SessionDetails {
  /** X509_V_*: the verification of the peer's certificate. */
  verifyResult: number;
  /** RFC 7627; means nothing in TLS 1.3. */
  extendedMasterSecret: boolean;
  pskIdentityHint: string | undefined;
  pskIdentity: string | undefined;
  srpUsername: string | undefined;
  /** Added to the age of a TLS 1.3 ticket, RFC 8446, section 4.2.11.1. */
  ticketAgeAdd: number | undefined;
  /** Of RFC 6066: the code, 1 to 4. */
  maxFragmentLength: number | undefined;
  /** What the server's application put into the ticket. */
  ticketAppData: Buffer | undefined;
  /** The TLS number of the group of the key exchange. */
  keyExchangeGroup: number | undefined;
}

/** SSL_SESS_FLAG_EXTMS of libssl's sources; in no header. */
const extendedMasterSecretFlag = 1;

interface Element {
  tag: number;
  content: Buffer;
  end: number;
}

function readElement(der: Buffer, start: number): Element {
  const [tag, first] = [der[start], der[start + 1]];
  if (tag === undefined || first === undefined) throw new RangeError('DER ends too early');
  const size = first < 0x80 ? 0 : first & 0x7f;
  if (size > 4) throw new RangeError('DER is too long');
  const begin = start + 2 + size;
  const length = size === 0 ? first : der.readUIntBE(start + 2, size);
  if (begin + length > der.length) throw new RangeError('DER ends too early');
  return { tag, content: der.subarray(begin, begin + length), end: begin + length };
}

/** The optional fields: what is inside of their explicit tags. */
function fieldsOf(der: Buffer): Map<number, Buffer> {
  const { content } = readElement(der, 0);
  const fields = new Map<number, Buffer>();
  for (let at = 0; at < content.length; ) {
    const element = readElement(content, at);
    // Context specific and constructed: [n] EXPLICIT.
    if ((element.tag & 0xe0) === 0xa0) fields.set(element.tag & 0x1f, readElement(element.content, 0).content);
    at = element.end;
  }
  return fields;
}

/** @param der - of a session that libssl has written or read */
export function readDetails(der: Buffer): SessionDetails {
  const fields = fieldsOf(der);
  const integer = (field: number): number | undefined => {
    const bytes = fields.get(field);
    return bytes === undefined ? undefined : Number(BigInt(`0x${bytes.toString('hex')}`));
  };
  const text = (field: number): string | undefined => fields.get(field)?.toString('utf8');
  return {
    verifyResult: integer(5) ?? 0,
    extendedMasterSecret: ((integer(13) ?? 0) & extendedMasterSecretFlag) !== 0,
    pskIdentityHint: text(7),
    pskIdentity: text(8),
    srpUsername: text(12),
    ticketAgeAdd: integer(14),
    maxFragmentLength: integer(17),
    ticketAppData: copy(fields.get(18)),
    keyExchangeGroup: integer(19),
  };
}

/** The DER has the master key, and will be overwritten. */
function copy(bytes: Buffer | undefined): Buffer | undefined {
  return bytes === undefined ? undefined : Buffer.from(bytes);
}
