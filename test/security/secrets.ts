// Looks for secrets in what has been printed.
import { inspect } from 'node:util';
import { serialize } from 'node:v8';

/** Everything that a program may print of a value: for people, as JSON, and for another process. */
export function printed(value: unknown): string {
  const texts = [
    inspect(value, { depth: 12, showHidden: true, getters: true, maxArrayLength: null, maxStringLength: null }),
  ];
  texts.push(inspect(value), String(Object.prototype.toString.call(value)));
  for (const print of [JSON.stringify, (each: unknown) => serialize(each).toString('latin1'), String]) {
    try {
      texts.push(String(print(value)));
    } catch {
      // What cannot be printed so tells nothing.
    }
  }
  if (value instanceof Uint8Array) texts.push(Buffer.from(value).toString('latin1'));
  return texts.join('\n');
}

/** In which form a text has a secret, if it has. */
export function formOf(secret: Uint8Array, text: string): string | undefined {
  const bytes = Buffer.from(secret);
  const forms = {
    hexadecimal: bytes.toString('hex'),
    upper: bytes.toString('hex').toUpperCase(),
    spaced: bytes.toString('hex').replace(/..(?=.)/g, '$& '),
    // Whatever stands before it, these characters of it stay.
    base64: bytes.toString('base64').slice(0, -4),
    shifted: bytes.subarray(1).toString('base64').slice(0, -4),
    shiftedTwice: bytes.subarray(2).toString('base64').slice(0, -4),
    decimal: Array.from(bytes).join(', '),
    list: Array.from(bytes).join(','),
    lines: Array.from(bytes).join(',\n'),
    latin1: bytes.toString('latin1'),
  };
  return Object.entries(forms).find(
    ([, form]) => text.includes(form) || text.replaceAll(/\s+/g, ' ').includes(form),
  )?.[0];
}
