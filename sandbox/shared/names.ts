import { domainToASCII, domainToUnicode } from 'node:url';
import { badValue } from './refusal.ts';

const LABEL = /^(?:\*|[a-z0-9_](?:[a-z0-9_/-]{0,61}[a-z0-9_])?)$/u;

function toAscii(name: string): string {
  if (!/[^ -~]/u.test(name)) return name.toLowerCase();
  // `domainToASCII` reads the host of a URL, so it would drop tabs and stop at a backslash or a `/`.
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

/** A name in punycode; if that is not possible, the name itself. */
export function toPunycode(name: string): string {
  return toAscii(name) || name;
}

/**
 * Reads the name of a zone, of two labels or more. @returns it in lower-case punycode without the final dot
 * @throws Refusal code 4 for anything else
 */
export function readZoneName(text: string, field: string): string {
  const name = toAscii(text.replace(/\.$/u, ''));
  if (!isHostName(name) || !name.includes('.') || name.startsWith('*')) throw badValue(field);
  return name;
}

/** The zone name that a value of `elid` or `plid` stands for, in any spelling. */
export function zoneIdentifier(text: string): string {
  return toPunycode(text.trim().replace(/\.$/u, ''));
}

/**
 * Reads the owner name in a form (docs/protocol.md#record-form-4). It is relative to the zone unless it ends
 * with a dot; `@` is the zone itself.
 * @returns the absolute name @throws Refusal code 4 for a bad name, or one outside the zone
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
 * Reads a host name. @returns it in punycode, relative or absolute as it was typed
 * @throws Refusal code 4 when it is not a host name, or too long inside `zone`
 */
export function readHost(text: string, zone: string, field: string): string {
  const ascii = toAscii(text);
  if (ascii === '@') return ascii;
  if (!isHostName(absoluteHost(ascii, zone).slice(0, -1))) throw badValue(field);
  return ascii;
}

/** A host name as an absolute name with its final dot. */
export function absoluteHost(host: string, zone: string): string {
  if (host === '@') return `${zone}.`;
  return host.endsWith('.') ? host : `${host}.${zone}.`;
}
