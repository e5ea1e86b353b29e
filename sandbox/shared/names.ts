import { domainToASCII, domainToUnicode } from 'node:url';
import { badValue } from './refusal.ts';

const LABEL = /^(?:\*|[a-z0-9_](?:[a-z0-9_/-]{0,61}[a-z0-9_])?)$/u;

function toAscii(name: string): string {
  if (!/[^ -~]/u.test(name)) return name.toLowerCase();
  // `domainToASCII` parses its input like the host of a URL. It would drop tabs, and stop at a backslash or a
  // `/`.
  return /[^\w.\-\u0080-\u{10ffff}]/u.test(name) ? '' : domainToASCII(name);
}

function isHostName(name: string): boolean {
  const labels = name.split('.');
  return name.length <= 253 && labels.every((label) => LABEL.test(label));
}

/** A punycode name in Unicode. */
export function toUnicode(name: string): string {
  return name.includes('xn--') ? domainToUnicode(name) || name : name;
}

/** A name in punycode. If it cannot be converted, the name itself. */
export function toPunycode(name: string): string {
  return toAscii(name) || name;
}

/**
 * Parses the name of a zone, which has two labels or more.
 * @returns the name in lower-case punycode without the final dot
 * @throws Refusal code 4 for anything else
 */
export function readZoneName(text: string, field: string): string {
  const name = toAscii(text.replace(/\.$/u, ''));
  if (!isHostName(name) || !name.includes('.') || name.startsWith('*')) throw badValue(field);
  return name;
}

/** The name of the zone that a value of `elid` or `plid` means, in any spelling. */
export function zoneIdentifier(text: string): string {
  return toPunycode(text.trim().replace(/\.$/u, ''));
}

/**
 * Parses the owner name in a form (docs/protocol.md#record-form-4). It is relative to the zone unless it ends
 * with a dot; `@` is the zone itself.
 * @returns the absolute name
 * @throws Refusal code 4 for a wrong name, or one outside the zone
 */
export function readOwner(text: string, zone: string): string {
  if (text === '@' || text === '') return `${zone}.`;
  const ascii = toAscii(text);
  const absolute = ascii.endsWith('.') ? ascii : `${ascii}.${zone}.`;
  const inside = absolute === `${zone}.` || absolute.endsWith(`.${zone}.`);
  if (!inside || !isHostName(absolute.slice(0, -1))) throw badValue('name');
  return absolute;
}

/**
 * Parses a host name.
 * @returns the name in punycode, relative or absolute as the user typed it
 * @throws Refusal code 4 when it is no host name, or too long inside `zone`
 */
export function readHost(text: string, zone: string, field: string): string {
  const ascii = toAscii(text);
  if (ascii === '@') return ascii;
  if (!isHostName(absoluteHost(ascii, zone).slice(0, -1))) throw badValue(field);
  return ascii;
}

/** Turns a host name into an absolute name with its final dot. */
export function absoluteHost(host: string, zone: string): string {
  if (host === '@') return `${zone}.`;
  return host.endsWith('.') ? host : `${host}.${zone}.`;
}
