import { bareWord, lengthFirst, lengthPrefixed, need, throwDamaged, type FieldKind } from './fields.ts';

/**
 * Octets in lower-case hexadecimal. They fill the rest of the rdata. White space between them is accepted
 * (RFC 4034 section 5.3).
 */
export const hex: FieldKind = {
  ...restAs('hex'),
  parse: bareWord('rdata.bad-hex-digits', (text) =>
    /^(?:[0-9a-f]{2})+$/iu.test(text) ? text.toLowerCase() : null,
  ),
};

/**
 * Octets in base64. They fill the rest of the rdata. Canonical text has no white space (RFC 4034 section
 * 2.2).
 */
export const base64: FieldKind = {
  ...restAs('base64'),
  parse: bareWord('rdata.bad-base64', (text) => readBase64(text)?.toString('base64') ?? null),
};

/**
 * Makes all parts except `parse` of a field that fills the rest of the rdata. The field has at least one
 * octet.
 */
function restAs(encoding: 'hex' | 'base64'): Omit<FieldKind, 'parse'> {
  return {
    most: Infinity,
    encode: (canonical) => Buffer.from(canonical, encoding),
    decode: (octets) => {
      need(octets, 1);
      return { text: Buffer.from(octets).toString(encoding), used: octets.length };
    },
  };
}

/** Decodes base64 with padding. `null`: the text is empty or not base64, or bits are set in its padding. */
export function readBase64(text: string): Buffer | null {
  const octets = Buffer.from(text, 'base64');
  return text !== '' && octets.toString('base64') === text ? octets : null;
}

/**
 * Salt of NSEC3 (RFC 5155 section 3.3). On the wire, a length octet precedes it. In text it is hexadecimal,
 * or `-` if it is empty.
 */
export const salt: FieldKind = {
  parse: bareWord('rdata.bad-hex-digits', (text) =>
    /^(?:-|(?:[0-9a-f]{2}){1,255})$/iu.test(text) ? text.toLowerCase() : null,
  ),
  encode: (canonical) => lengthFirst(Buffer.from(canonical === '-' ? '' : canonical, 'hex')),
  decode: lengthPrefixed((octets) => octets.toString('hex') || '-'),
};

const base32Digits = '0123456789abcdefghijklmnopqrstuv';

/**
 * Hash of NSEC3 (RFC 5155 section 3.3). On the wire, a length octet precedes it. In text it is base32 with
 * the extended hex alphabet, in lower case without padding.
 */
export const hash: FieldKind = {
  parse: bareWord('rdata.bad-base32', (text) => {
    const lower = text.toLowerCase();
    const octets = base32Octets(lower);
    return octets.length > 0 && octets.length < 256 && base32Text(octets) === lower ? lower : null;
  }),
  encode: (canonical) => lengthFirst(base32Octets(canonical)),
  decode: lengthPrefixed((octets) => (octets.length === 0 ? throwDamaged('hash') : base32Text(octets))),
};

function base32Text(octets: Uint8Array): string {
  const bits = [...octets].map((octet) => octet.toString(2).padStart(8, '0')).join('');
  return (bits.match(/.{1,5}/g) ?? [])
    .map((five) => base32Digits.charAt(Number.parseInt(five.padEnd(5, '0'), 2)))
    .join('');
}

function base32Octets(text: string): Buffer {
  const bits = Array.from(text, (char) => base32Digits.indexOf(char).toString(2).padStart(5, '0')).join('');
  return Buffer.from((bits.match(/.{8}/g) ?? []).map((eight) => Number.parseInt(eight, 2) & 255));
}
