import { domainToASCII, domainToUnicode } from 'node:url';
import { badValue } from './refusal.ts';

const LABEL = /^(?:\*|[a-z0-9_](?:[a-z0-9_/-]{0,61}[a-z0-9_])?)$/u;

function toAscii(name: string): string {
  if (!/[^ -~]/u.test(name)) return name.toLowerCase();
  // domainToASCII reads the host of a URL: it leaves out tabs and stops at a backslash or a `/`.
  return /[^\w.\-\u0080-\u{10ffff}]/u.test(name) ? '' : domainToASCII(name);
}

function isHostName(name: string): boolean {
  const labels = name.split('.');
  return name.length <= 253 && labels.every((label) => LABEL.test(label));
}

/** The Unicode form of a punycode name. */
export function toUnicode(name: string): string {
  return name.includes('xn--') ? domainToUnicode(name) || name : name;
}

/** The punycode form of a name; a name that has none is given back as it is. */
export function toPunycode(name: string): string {
  return toAscii(name) || name;
}

/**
 * A zone name as the panel keeps it: lower-case punycode, without the trailing dot, at least two labels.
 * @throws Refusal code 4 for anything else
 */
export function readZoneName(text: string, field: string): string {
  const name = toAscii(text.replace(/\.$/u, ''));
  if (!isHostName(name) || !name.includes('.') || name.startsWith('*')) throw badValue(field);
  return name;
}

/** The identifier of a zone in `elid` and `plid`, however it was spelled. */
export function zoneIdentifier(text: string): string {
  return toPunycode(text.trim().replace(/\.$/u, ''));
}

/**
 * The absolute owner name that a form's `name` means in a zone (docs/protocol.md#record-form-4). With a dot
 * at its end it stays as it is, otherwise it is relative; `@` is the zone itself.
 * @throws Refusal code 4 for a name that is not one, or lies outside the zone
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
 * A host as it was typed, in punycode.
 * @throws Refusal code 4 when it is no host name, or longer than a name may be inside `zone`
 */
export function readHost(text: string, zone: string, field: string): string {
  const ascii = toAscii(text);
  if (ascii === '@') return ascii;
  if (!isHostName(absoluteHost(ascii, zone).slice(0, -1))) throw badValue(field);
  return ascii;
}

/** A host value with its trailing dot. */
export function absoluteHost(host: string, zone: string): string {
  if (host === '@') return `${zone}.`;
  return host.endsWith('.') ? host : `${host}.${zone}.`;
}
