import { validOr } from '../problem.ts';
import { bareWord, addProblem, throwDamaged, need, type FieldKind } from './fields.ts';
import { u16 } from './fields-number.ts';

/**
 * Converts between names and numbers of record types. The caller passes it in, because this file cannot
 * import the table of types: that table uses the fields of this file.
 */
export interface TypeNames {
  /** The number of a type in any spelling. @throws {DnsDataError} when the text is not a type */
  readonly numberOf: (type: string) => number;
  readonly nameOf: (number: number) => string;
}

/**
 * One record type: its name in text, 16 bits on the wire. In RRSIG this field is the type that the signature
 * covers (RFC 4034 section 3.1.1).
 */
export function typeField(types: TypeNames): FieldKind {
  return {
    parse: bareWord('rdata.bad-type', (text) => {
      const number = numberOrNull(types, text);
      return number === null ? null : types.nameOf(number);
    }),
    encode: (canonical) => u16.encode(String(types.numberOf(canonical))),
    decode: (octets) => ({ text: types.nameOf(Number(u16.decode(octets).text)), used: 2 }),
  };
}

/**
 * A set of types. On the wire it is a bitmap in windows (RFC 4034 section 4.1.2). Canonical text names each
 * type once, sorted by number.
 */
export function typeSet(types: TypeNames): FieldKind {
  const canonical = (numbers: Iterable<number>): string =>
    [...new Set(numbers)]
      .sort((a, b) => a - b)
      .map((number) => types.nameOf(number))
      .join(' ');
  return {
    least: 0,
    most: Infinity,
    parse: (words, context) => {
      const numbers: number[] = [];
      for (const word of words) {
        const number = word.quoted ? null : numberOrNull(types, word.text);
        if (number === null || number === 0) return addProblem(context, 'rdata.bad-type', word.text);
        numbers.push(number);
      }
      return canonical(numbers);
    },
    encode: (text) => bitmap(text === '' ? [] : text.split(' ').map((type) => types.numberOf(type))),
    decode: (octets) => ({ text: canonical(bitmapNumbers(octets)), used: octets.length }),
  };
}

function numberOrNull(types: TypeNames, text: string): number | null {
  return validOr(() => types.numberOf(text), null);
}

function bitmap(numbers: readonly number[]): Uint8Array {
  const windows = new Map<number, Buffer>();
  for (const number of numbers) {
    const window = windows.get(number >> 8) ?? Buffer.alloc(32);
    const at = (number & 255) >> 3;
    window[at] = (window[at] ?? 0) | (0x80 >> (number & 7));
    windows.set(number >> 8, window);
  }
  const parts = [...windows].map(([window, bits]) => {
    const length = bits.findLastIndex((octet) => octet !== 0) + 1;
    return Buffer.concat([Buffer.from([window, length]), bits.subarray(0, length)]);
  });
  return Buffer.concat(parts);
}

/**
 * The type numbers in a bitmap. Windows must ascend, must not be empty, and must not end with a zero octet.
 * So each set of types has only one wire form.
 */
function bitmapNumbers(octets: Uint8Array): number[] {
  const numbers: number[] = [];
  let before = -1;
  for (let at = 0; at < octets.length;) {
    need(octets, at + 2);
    const window = octets[at] ?? 0;
    const length = octets[at + 1] ?? 0;
    need(octets, at + 2 + length);
    const bits = octets.subarray(at + 2, at + 2 + length);
    if (window <= before || length > 32 || (bits.at(-1) ?? 0) === 0) throwDamaged('types');
    for (let bit = 0; bit < length * 8; bit += 1) {
      if (((bits[bit >> 3] ?? 0) & (0x80 >> (bit & 7))) !== 0) numbers.push(window * 256 + bit);
    }
    before = window;
    at += 2 + length;
  }
  if (numbers[0] === 0) throwDamaged('types');
  return numbers;
}
