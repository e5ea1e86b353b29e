import { isIPv4, isIPv6 } from 'node:net';
import { labelOctets, labels, labelText, parseName, type DnsName } from '../name.ts';
import { DnsDataError, problem, type Problem } from '../problem.ts';
import { quote, unescape, type Token } from './text.ts';

/** What one field of a record type is; the four functions are all that the rest of the library needs of it. */
export interface FieldKind {
  /** From a word to canonical text; complaints go to `problems`. */
  readonly parse: (token: Token, context: FieldContext) => string;
  readonly encode: (canonical: string) => Uint8Array;
  /** Canonical text and the number of octets used. */
  readonly decode: (octets: Uint8Array, last: boolean) => { text: string; used: number };
  /** Takes all words that are left (character-strings). */
  readonly rest?: boolean;
}

export interface FieldContext {
  readonly type: string;
  readonly field: string;
  readonly origin: DnsName | undefined;
  readonly problems: Problem[];
}

function complain(context: FieldContext, code: Parameters<typeof problem>[0], value: string): string {
  context.problems.push(problem(code, { type: context.type, field: context.field, value }));
  return '';
}

export const ipv4: FieldKind = {
  parse: (token, context) =>
    isIPv4(token.text) && !token.quoted ? token.text : complain(context, 'rdata.bad-ipv4', token.text),
  encode: (text) => Uint8Array.from(text.split('.').map(Number)),
  decode: (octets) => {
    need(octets, 4);
    return { text: [...octets.subarray(0, 4)].join('.'), used: 4 };
  },
};

export const ipv6: FieldKind = {
  parse: (token, context) =>
    isIPv6(token.text) && !token.text.includes('%') && !token.quoted
      ? ipv6Text(ipv6Octets(token.text))
      : complain(context, 'rdata.bad-ipv6', token.text),
  encode: ipv6Octets,
  decode: (octets) => {
    need(octets, 16);
    return { text: ipv6Text(octets.subarray(0, 16)), used: 16 };
  },
};

function ipv6Octets(text: string): Uint8Array {
  const dotted = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(text);
  const [, head = '', tail = ''] = dotted ?? [];
  const [a = 0, b = 0, c = 0, d = 0] = tail.split('.').map(Number);
  const plain =
    dotted === null ? text : `${head}${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
  const [left = '', right] = plain.split('::');
  const before = left === '' ? [] : left.split(':');
  const after = right === undefined || right === '' ? [] : right.split(':');
  const zeros = Array<string>(8 - before.length - after.length).fill('0');
  const groups = right === undefined ? before : [...before, ...zeros, ...after];
  return Uint8Array.from(
    groups.flatMap((group) => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 255]),
  );
}

/** RFC 5952 section 4: lower case, no leading zeros, the longest run of zero groups (the first of equals, two or more) as `::`. */
function ipv6Text(octets: Uint8Array): string {
  const groups: string[] = [];
  for (let at = 0; at < 16; at += 2)
    groups.push((((octets[at] ?? 0) << 8) | (octets[at + 1] ?? 0)).toString(16));
  let best = { from: -1, length: 1 };
  for (let from = 0; from < 8; from += 1) {
    let to = from;
    while (groups[to] === '0') to += 1;
    if (to - from > best.length) best = { from, length: to - from };
  }
  if (best.from < 0) return groups.join(':');
  return `${groups.slice(0, best.from).join(':')}::${groups.slice(best.from + best.length).join(':')}`;
}

export const name: FieldKind = {
  parse: (token, context) => {
    try {
      return parseName(token.text, context.origin);
    } catch (error) {
      if (!(error instanceof DnsDataError)) throw error;
      context.problems.push(...error.problems);
      return '';
    }
  },
  encode: (text) => nameOctets(text as DnsName),
  decode: (octets) => decodeName(octets),
};

/** Wire form without compression (RFC 1035 section 3.1). */
export function nameOctets(text: DnsName): Uint8Array {
  const parts = labels(text).flatMap((label) => {
    const octets = labelOctets(label);
    return [Buffer.from([octets.length]), octets];
  });
  return Buffer.concat([...parts, Buffer.from([0])]);
}

function decodeName(octets: Uint8Array): { text: string; used: number } {
  let at = 0;
  let text = '';
  for (;;) {
    need(octets, at + 1);
    const length = octets[at] ?? 0;
    at += 1;
    if (length === 0) return { text: text === '' ? '.' : text, used: at };
    if (length > 63) throw new DnsDataError([problem('wire.bad-name', {})]);
    need(octets, at + length);
    text += `${labelText(octets.subarray(at, at + length))}.`;
    at += length;
  }
}

function unsigned(bits: 8 | 16 | 32): FieldKind {
  const size = bits / 8;
  return {
    parse: (token, context) => {
      const value = Number(token.text);
      const fits = /^\d{1,10}$/.test(token.text) && value < 2 ** bits && !token.quoted;
      return fits ? String(value) : complain(context, 'rdata.bad-number', token.text);
    },
    encode: (text) => {
      const octets = Buffer.alloc(size);
      octets.writeUIntBE(Number(text), 0, size);
      return octets;
    },
    decode: (octets) => {
      need(octets, size);
      return { text: String(Buffer.from(octets).readUIntBE(0, size)), used: size };
    },
  };
}

export const u8 = unsigned(8);
export const u16 = unsigned(16);
export const u32 = unsigned(32);

/** A letters-and-digits word of at most 255 octets with a length octet, lower case (CAA tag, RFC 8659 section 4.1). */
export const tag: FieldKind = {
  parse: (token, context) =>
    tagText.test(token.text) ? token.text.toLowerCase() : complain(context, 'rdata.bad-tag', token.text),
  encode: (text) => Buffer.concat([Buffer.from([text.length]), Buffer.from(text, 'latin1')]),
  decode: (octets) => {
    need(octets, 1);
    const length = octets[0] ?? 0;
    need(octets, 1 + length);
    const text = Buffer.from(octets.subarray(1, 1 + length)).toString('latin1');
    if (!tagText.test(text)) throw new DnsDataError([problem('wire.bad-tag', {})]);
    return { text: text.toLowerCase(), used: 1 + length };
  },
};

const tagText = /^[a-z0-9]{1,255}$/iu;

/** Longest rdata in octets (RFC 1035 section 3.2.1: RDLENGTH has 16 bits). */
const mostRdataOctets = 65_535;

/** Character-strings that form one text (RFC 1035 section 3.3.14, RFC 7208 section 3.3). One canonical quoted string inside. */
export const text: FieldKind = {
  rest: true,
  parse: (token, context) => {
    const octets = unescape(token.text, context.problems);
    const wire = octets.length + Math.max(1, Math.ceil(octets.length / 255));
    if (wire > mostRdataOctets) return complain(context, 'rdata.text-too-long', String(octets.length));
    return quote(octets);
  },
  encode: (canonical) =>
    Buffer.concat(chunks(canonicalOctets(canonical)).flatMap((part) => [Buffer.from([part.length]), part])),
  decode: (octets) => {
    const parts: Uint8Array[] = [];
    let at = 0;
    while (at < octets.length) {
      const length = octets[at] ?? 0;
      need(octets, at + 1 + length);
      parts.push(octets.subarray(at + 1, at + 1 + length));
      at += 1 + length;
    }
    return { text: quote(Buffer.concat(parts)), used: at };
  },
};

/** A quoted string without a length octet that fills the rest of the rdata (CAA value, RFC 8659 section 4.1). */
export const openText: FieldKind = {
  parse: (token, context) => quote(unescape(token.text, context.problems)),
  encode: canonicalOctets,
  decode: (octets) => ({ text: quote(octets), used: octets.length }),
};

/** Octets in hexadecimal that fill the rest of the rdata; white space between them is taken (RFC 4034 section 5.3). */
export const hex: FieldKind = {
  rest: true,
  parse: (token, context) =>
    /^(?:[0-9a-f]{2})+$/iu.test(token.text)
      ? token.text.toLowerCase()
      : complain(context, 'rdata.bad-hex', token.text),
  encode: (canonical) => Buffer.from(canonical, 'hex'),
  decode: (octets) => {
    need(octets, 1);
    return { text: Buffer.from(octets).toString('hex'), used: octets.length };
  },
};

/** Octets of a canonical quoted string. */
export function canonicalOctets(canonical: string): Buffer {
  return unescape(canonical.slice(1, -1), []);
}

/** At most 255 octets each; an empty text is one empty string. */
export function chunks(octets: Buffer): Buffer[] {
  const parts: Buffer[] = [];
  for (let at = 0; at < octets.length; at += 255) parts.push(octets.subarray(at, at + 255));
  return parts.length === 0 ? [Buffer.alloc(0)] : parts;
}

function need(octets: Uint8Array, length: number): void {
  if (octets.length < length) throw new DnsDataError([problem('wire.too-short', {})]);
}
