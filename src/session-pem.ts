// PEM of a session, with nothing left over.
import * as capi from './capi/index.ts';
import { invalidType, invalidValue, notNull } from './errors.ts';
import { drainBio, withBio } from './memory.ts';

const BEGIN = '-----BEGIN SSL SESSION PARAMETERS-----';
const END = '-----END SSL SESSION PARAMETERS-----';

/** The session in `pem`, which must hold no second one. PEM_read_bio_SSL_SESSION(3) looks at neither kind of rest. */
export function readPem(pem: string | Uint8Array): capi.SSL_SESSION {
  if (typeof pem !== 'string' && !(pem instanceof Uint8Array)) {
    throw invalidType('pem', 'a string or a Uint8Array', pem);
  }
  const bytes = Buffer.from(pem);
  capi.ERR_clear_error();
  try {
    return withBio(bytes, (bio) => {
      const session = notNull('PEM_read_bio_SSL_SESSION', capi.PEM_read_bio_SSL_SESSION(bio));
      const rest = drainBio(bio)?.toString('latin1') ?? '';
      if (rest.trim() === '' && isOneElement(bytes.toString('latin1'))) return session;
      capi.SSL_SESSION_free(session);
      throw invalidValue('pem', 'goes on after the end of the session');
    });
  } finally {
    bytes.fill(0);
  }
}

/** Whether the DER inside of the PEM ends where its outermost element says. */
function isOneElement(pem: string): boolean {
  const start = pem.indexOf(BEGIN) + BEGIN.length;
  const der = Buffer.from(pem.slice(start, pem.indexOf(END, start)), 'base64');
  const first = der[1] ?? 0;
  if (first < 0x80) return der.length === 2 + first;
  // libssl has read the element: what its length says is there. Indefinite lengths (0) are not DER.
  const size = first & 0x7f;
  return size >= 1 && size <= 4 && der.length === 2 + size + der.readUIntBE(2, size);
}
