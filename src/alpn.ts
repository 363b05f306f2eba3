// Application protocols as they are sent: each behind a byte of its length. RFC 7301, section 3.1.
import { invalidType, invalidValue } from './errors.ts';

/** The names as bytes; `undefined` for none. `option` is what to call them in errors. */
export function alpnWire(protocols: readonly string[] | undefined, option = 'ALPNProtocols'): Buffer | undefined {
  if (protocols === undefined) return undefined;
  if (!Array.isArray(protocols)) throw invalidType(option, 'an array of strings', protocols);
  const own = protocols.map((name) => nameBytes(name, option));
  return own.length === 0 ? undefined : Buffer.concat(own.flatMap((name) => [Buffer.of(name.length), name]));
}

function nameBytes(name: unknown, option: string): Buffer {
  if (typeof name !== 'string') throw invalidType(option, 'an array of strings', name);
  const bytes = Buffer.from(name, 'latin1');
  if (bytes.length < 1 || bytes.length > 255) throw invalidValue(option, 'has a name without 1 to 255 bytes');
  return bytes;
}

/** The names of such bytes; none of bytes that are no such list, as a client may send them. */
export function alpnNames(wire: Buffer): string[] {
  const names: string[] = [];
  for (let at = 0; at < wire.length; ) {
    const length = wire.readUInt8(at);
    if (length === 0 || at + 1 + length > wire.length) return [];
    names.push(wire.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
  return names;
}
