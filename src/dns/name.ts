import { toASCII, toUnicode } from 'tr46';
import { DnsDataError, problem, type Problem } from './problem.ts';

/**
 * A domain name in the one form used inside: absolute with its final dot, lower case, punycode, octets outside printable ASCII
 * as `\DDD`, and `.` `\` `"` `(` `)` `;` `@` `$` and space inside a label escaped. Only {@link parseName} makes one.
 */
export type DnsName = string & { readonly __brand: 'DnsName' };

/** Longest label and longest name in octets, the name's length octets included (RFC 1035 section 2.3.4). */
const mostLabelOctets = 63;
const mostNameOctets = 255;

/** Longest text of a name looked at: every octet as `\DDD`, or as a letter and the marks on it. */
const mostNameText = 4 * (mostNameOctets + 1);

/** Longest text of a label in Unicode looked at: composed, it has fewer characters. */
const mostLabelText = 4 * mostLabelOctets;

/** IDNA deviation characters: mapped differently by IDNA2003 and IDNA2008 (UTS #46 section 2.3), so never guessed at. */
const deviation = /[\u00df\u03c2\u200c\u200d]/u;

/**
 * Reads a name in any spelling: absolute (`www.example.org.`), relative to `origin`, or `@` for the origin itself; upper case,
 * Unicode and master-file escapes (`\.`, `\DDD`; RFC 1035 section 5.1) are accepted.
 * @throws {DnsDataError} with every problem of the name
 */
export function parseName(text: string, origin?: DnsName): DnsName {
  if (text === '@' && origin !== undefined) return origin;
  if (text === '.') return '.' as DnsName;
  return simpleName(text, origin) ?? readName(text, origin);
}

/** A name of letters, digits and the like needs no look at each character; long ones are left to {@link readName}. */
function simpleName(text: string, origin: DnsName | undefined): DnsName | null {
  if (!/^(?:[\w*/-]{1,63}\.)*[\w*/-]{1,63}\.?$/.test(text)) return null;
  const absolute = text.endsWith('.');
  if (!absolute && origin === undefined) return null;
  const rest = absolute ? '' : `.${origin === '.' ? '' : origin}`;
  const name = `${text.toLowerCase()}${rest}`;
  return name.length < mostNameOctets ? (name as DnsName) : null;
}

function readName(text: string, origin: DnsName | undefined): DnsName {
  if (text.length > mostNameText) throw new DnsDataError([problem('name.too-long', { name: text })]);
  const problems: Problem[] = [];
  const parts = splitLabels(text, problems);
  const absolute = parts.length > 1 && parts.at(-1) === '';
  if (absolute) parts.pop();
  else if (origin === undefined) problems.push(problem('name.relative', { name: text }));
  const own = parts.map((part) => canonicalLabel(part, text, problems));
  const rest = absolute || origin === undefined || origin === '.' ? '' : origin;
  const name = `${own.map((label) => `${label}.`).join('')}${rest}`;
  if (octetsOf(name) > mostNameOctets) problems.push(problem('name.too-long', { name: text }));
  if (problems.length > 0) throw new DnsDataError(problems);
  return name as DnsName;
}

/**
 * Reads the name of a zone, where the final dot is optional: `example.org` and `example.org.` are the same.
 * @throws {DnsDataError}
 */
export function zoneName(text: string): DnsName {
  return parseName(text.endsWith('.') && !text.endsWith('\\.') ? text : `${text}.`);
}

/**
 * Both readings of a zone's name with IDNA deviation characters, by IDNA2008 and by IDNA2003 (UTS #46 section 2.3). None for any other
 * text, and for text with escapes.
 */
export function deviationReadings(text: string): readonly DnsName[] {
  if (text.length > mostNameText || text.includes('\\') || !deviation.test(text)) return [];
  const readings = new Set<DnsName>();
  for (const transitionalProcessing of [false, true]) {
    const ascii = toASCII(text, { checkHyphens: false, useSTD3ASCIIRules: false, transitionalProcessing });
    const name = ascii === null ? null : simpleName(ascii.endsWith('.') ? ascii : `${ascii}.`, undefined);
    if (name !== null) readings.add(name);
  }
  return [...readings];
}

/** Unicode and without the final dot, for people; what cannot be shown in Unicode stays punycode. */
export function displayName(name: DnsName): string {
  if (name === '.') return '.';
  return labels(name)
    .map((label) => {
      if (!label.startsWith('xn--')) return label;
      const { domain, error } = toUnicode(label, { useSTD3ASCIIRules: false });
      return error ? label : domain;
    })
    .join('.');
}

/** The name as seen from a zone at or above it: `@` at the apex, absolute when it lies outside. */
export function relativeName(name: DnsName, zone: DnsName): string {
  if (name === zone) return '@';
  if (!isWithin(name, zone)) return name;
  return zone === '.' ? name.slice(0, -1) : name.slice(0, -zone.length - 1);
}

/** Whether `name` is `zone` or lies below it. */
export function isWithin(name: DnsName, zone: DnsName): boolean {
  if (name === zone || zone === '.') return true;
  if (!name.endsWith(zone)) return false;
  const before = name.slice(0, -zone.length);
  return endsInDot(before);
}

/** Labels from the leftmost on, canonical text, without the root. */
export function labels(name: DnsName): string[] {
  if (name === '.') return [];
  const parts = splitLabels(name, []);
  parts.pop();
  return parts;
}

/** The name without its leftmost label; the root's parent is the root. */
export function parentName(name: DnsName): DnsName {
  const rest = labels(name).slice(1);
  return (rest.length === 0 ? '.' : `${rest.join('.')}.`) as DnsName;
}

/** Every wildcard of the zone from which an answer about the name may be made up (RFC 4592 section 3.3), the nearest first. */
export function wildcardsOver(name: DnsName, zone: DnsName): DnsName[] {
  const found: DnsName[] = [];
  for (let above = name; above !== zone && isWithin(above, zone);) {
    above = parentName(above);
    const wildcard = parseName('*', above);
    if (wildcard !== name) found.push(wildcard);
  }
  return found;
}

/** Canonical DNS order (RFC 4034 section 6.1): by labels from the right, as octets. */
export function compareNames(a: DnsName, b: DnsName): number {
  const left = labels(a).toReversed();
  const right = labels(b).toReversed();
  for (let at = 0; at < Math.min(left.length, right.length); at += 1) {
    const order = Buffer.compare(labelOctets(left[at] ?? ''), labelOctets(right[at] ?? ''));
    if (order !== 0) return order;
  }
  return left.length - right.length;
}

/** Octets of one canonical label. */
export function labelOctets(label: string): Buffer {
  const octets: number[] = [];
  for (let at = 0; at < label.length; at += 1) {
    if (label[at] !== '\\') {
      octets.push(label.charCodeAt(at));
      continue;
    }
    const digits = /^\d{3}/.exec(label.slice(at + 1));
    if (digits === null) {
      octets.push(label.charCodeAt(at + 1));
      at += 1;
    } else {
      octets.push(Number(digits[0]));
      at += 3;
    }
  }
  return Buffer.from(octets);
}

/** The canonical text of a label's octets. */
export function labelText(octets: Uint8Array): string {
  let text = '';
  for (const octet of octets) text += octetText(octet >= 0x41 && octet <= 0x5a ? octet + 0x20 : octet);
  return text;
}

const escaped = new Set('."();@$\\'.split('').map((char) => char.charCodeAt(0)));

function octetText(octet: number): string {
  if (octet <= 0x20 || octet >= 0x7f) return `\\${String(octet).padStart(3, '0')}`;
  const char = String.fromCharCode(octet);
  return escaped.has(octet) ? `\\${char}` : char;
}

/** Length in wire form: each label with its length octet, and the root. */
function octetsOf(name: string): number {
  let total = 1;
  const parts = splitLabels(name, []);
  parts.pop();
  for (const part of parts) total += labelOctets(part).length + 1;
  return total;
}

/** Cuts at unescaped dots; escapes stay as they are. */
function splitLabels(text: string, problems: Problem[]): string[] {
  const parts: string[] = [];
  let part = '';
  for (let at = 0; at < text.length; at += 1) {
    const char = text.charAt(at);
    if (char === '\\') {
      const next = text.charAt(at + 1);
      if (next === '') problems.push(problem('name.bad-escape', { name: text }));
      part += char + next;
      at += 1;
    } else if (char === '.') {
      parts.push(part);
      part = '';
    } else part += char;
  }
  parts.push(part);
  return parts;
}

function endsInDot(text: string): boolean {
  if (!text.endsWith('.')) return false;
  const backslashes = /\\*$/.exec(text.slice(0, -1))?.[0].length ?? 0;
  return backslashes % 2 === 0;
}

function canonicalLabel(label: string, name: string, problems: Problem[]): string {
  if (label === '') {
    problems.push(problem('name.empty-label', { name }));
    return label;
  }
  const octets = /\P{ASCII}/u.test(label)
    ? unicodeLabel(label, name, problems)
    : asciiOctets(label, name, problems);
  if (octets.length > mostLabelOctets) problems.push(problem('name.label-too-long', { name, label }));
  return labelText(octets);
}

function asciiOctets(label: string, name: string, problems: Problem[]): Uint8Array {
  for (const [, digits] of label.matchAll(/\\(?:(\d{1,3})|[^\d])/gu)) {
    if (digits !== undefined && (digits.length !== 3 || Number(digits) > 255)) {
      problems.push(problem('name.bad-escape', { name }));
      return Buffer.alloc(0);
    }
  }
  return labelOctets(label);
}

function unicodeLabel(label: string, name: string, problems: Problem[]): Uint8Array {
  if (label.length > mostLabelText) {
    problems.push(problem('name.label-too-long', { name, label }));
    return Buffer.alloc(0);
  }
  if (deviation.test(label)) {
    problems.push(problem('name.deviation', { name, label }));
    return Buffer.alloc(0);
  }
  const ascii = toASCII(label, {
    checkHyphens: false,
    useSTD3ASCIIRules: false,
    transitionalProcessing: false,
  });
  // Neither an escape nor a control character is part of an international label (RFC 5890 section 2.3.1).
  if (ascii === null || !/^[\w*/-]+$/.test(ascii)) {
    problems.push(problem('name.not-idna', { name, label }));
    return Buffer.alloc(0);
  }
  return Buffer.from(ascii, 'latin1');
}
