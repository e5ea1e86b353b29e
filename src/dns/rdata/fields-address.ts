import { isIPv4, isIPv6 } from 'node:net';
import { bareWord, fixedSize, type FieldKind } from './fields.ts';

export const ipv4: FieldKind = {
  parse: bareWord('rdata.bad-ipv4', (text) => (isIPv4(text) ? text : null)),
  encode: (text) => Uint8Array.from(text.split('.').map(Number)),
  decode: fixedSize(4, (octets) => octets.join('.')),
};

export const ipv6: FieldKind = {
  parse: bareWord('rdata.bad-ipv6', (text) =>
    isIPv6(text) && !text.includes('%') ? ipv6Text(ipv6Octets(text)) : null,
  ),
  encode: ipv6Octets,
  decode: fixedSize(16, ipv6Text),
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

/**
 * The canonical text of an IPv6 address (RFC 5952 section 4): lower case, without leading zeros. `::`
 * replaces the longest run of two or more zero groups. If several runs are equally long, it replaces the
 * first of them.
 */
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

/**
 * The address of a network interface (EUI-48 or EUI-64): pairs of hexadecimal digits in lower case, separated
 * by hyphens (RFC 7043 sections 3.2 and 4.2).
 * @param size number of octets
 */
function interfaceAddress(size: 6 | 8): FieldKind {
  const written = new RegExp(`^[0-9a-f]{2}(?:-[0-9a-f]{2}){${size - 1}}$`, 'iu');
  return {
    parse: bareWord('rdata.bad-eui', (text) => (written.test(text) ? text.toLowerCase() : null)),
    encode: (text) => Buffer.from(text.replaceAll('-', ''), 'hex'),
    decode: fixedSize(size, (octets) => octets.toString('hex').replaceAll(/..(?=.)/gu, '$&-')),
  };
}

export const eui48 = interfaceAddress(6);
export const eui64 = interfaceAddress(8);
