import { toASCII, toUnicode } from 'tr46';
import { DnsDataError, problem, type Problem } from './problem.ts';
import { unescape } from './rdata/text.ts';

/**
 * A domain name in the one form that the code uses: absolute with its final dot, lower case, punycode. Octets
 * outside printable ASCII are `\DDD`. Inside a label, `.` `\` `"` `(` `)` `;` `@` `$` and space are escaped.
 * Only {@link parseName} makes such a name.
 */
export type DnsName = string & { readonly __brand: 'DnsName' };

/**
 * Maximum length of a label in octets, without its length octet. Maximum length of a name in octets, with the
 * length octets of all labels (RFC 1035 section 2.3.4).
 */
const mostLabelOctets = 63;
const mostNameOctets = 255;

/**
 * Maximum length of a name's text, in characters. A longer text is refused without parsing it. One octet of
 * the name takes at most four characters: as `\DDD`, or as a letter with combining marks.
 */
const mostNameText = 4 * (mostNameOctets + 1);

/**
 * Maximum length of a label in Unicode, in characters. A longer label is refused without parsing it. The
 * limit is above 63 because a label gets shorter when its characters are composed.
 */
const mostLabelText = 4 * mostLabelOctets;

/**
 * IDNA deviation characters. IDNA2003 and IDNA2008 map them differently (UTS #46 section 2.3). A name with
 * such a character is refused, unless the known zones decide between the two.
 */
const deviation = /[\u00df\u03c2\u1e9e\u200c-\u200d]/u;

/**
 * The two ways to read a name with deviation characters. `kept`: `straße` is `xn--strae-oqa` (IDNA2008).
 * `mapped`: `straße` is `strasse` (IDNA2003).
 */
type Deviations = 'kept' | 'mapped';

/**
 * The zone that is appended to relative names. {@link KnownSpellings} also says which zones exist, to decide
 * how a name with deviation characters is read.
 */
export type Origin = DnsName | KnownSpellings;

export interface KnownSpellings {
  /** The zone that is appended to relative names. Absent: relative names are refused. */
  readonly zone?: DnsName;
  /**
   * Zones that exist. Of the two ways to read a name with deviation characters, the one that puts the name
   * into one of these zones is taken.
   */
  readonly known: ReadonlySet<DnsName>;
}

/**
 * Parses a name in any spelling: absolute (`www.example.org.`), relative to `origin`, or `@` for the origin
 * itself. Accepts upper case, Unicode and master-file escapes (`\.`, `\DDD`; RFC 1035 section 5.1).
 * @throws {DnsDataError} with every problem of the name
 */
export function parseName(text: string, origin?: Origin): DnsName {
  const zone = zoneOf(origin);
  if (text === '@' && zone !== undefined) return zone;
  if (text === '.') return '.' as DnsName;
  const known = typeof origin === 'object' ? origin.known : null;
  return simpleName(text, zone) ?? (known && readAsKnown(text, zone, known)) ?? readName(text, zone);
}

function zoneOf(origin: Origin | undefined): DnsName | undefined {
  return typeof origin === 'object' ? origin.zone : origin;
}

/**
 * Parses a short name of letters, digits, `_`, `*`, `/` and `-` quickly, without a check of each character.
 * Null: the name is not so simple, and {@link readName} has to parse it.
 */
function simpleName(text: string, origin: DnsName | undefined): DnsName | null {
  if (!/^(?:[\w*/-]{1,63}\.)*[\w*/-]{1,63}\.?$/.test(text)) return null;
  const absolute = text.endsWith('.');
  if (!absolute && origin === undefined) return null;
  const rest = absolute ? '' : `.${origin === '.' ? '' : origin}`;
  const name = `${text.toLowerCase()}${rest}`;
  return name.length < mostNameOctets ? (name as DnsName) : null;
}

/**
 * Parses a name with deviation characters. Tries both ways to read them, and takes the one that puts the name
 * into a known zone. Every label with such a character must be part of the zone's own name.
 * @returns null: the name has no such characters, or not exactly one of the two ways leads to a known zone
 */
function readAsKnown(text: string, origin: DnsName | undefined, known: ReadonlySet<DnsName>): DnsName | null {
  if (text.length > mostNameText || !deviation.test(text)) return null;
  const first = splitLabels(text, []).findIndex((label) => deviation.test(label));
  const meant = new Set<DnsName>();
  for (const deviations of ['kept', 'mapped'] as const) {
    const problems: Problem[] = [];
    const name = readLabels(text, origin, deviations, problems);
    if (problems.length === 0 && isInKnown(name, first, known)) meant.add(name);
  }
  const [one = null, ...others] = meant;
  return others.length === 0 ? one : null;
}

/**
 * Whether the name itself or a name above it is a known zone. Only zones whose name contains a certain label
 * of `name` count.
 * @param label index of this label in `name`, counted from the left
 */
function isInKnown(name: DnsName, label: number, known: ReadonlySet<DnsName>): boolean {
  let above = name;
  for (let at = 0; at <= label; at += 1, above = parentName(above)) if (known.has(above)) return true;
  return false;
}

function readName(text: string, origin: DnsName | undefined): DnsName {
  if (text.length > mostNameText) throw new DnsDataError([problem('name.too-long', { name: text })]);
  const problems: Problem[] = [];
  const name = readLabels(text, origin, null, problems);
  if (problems.length > 0) throw new DnsDataError(problems);
  return name;
}

/**
 * Parses a name label by label.
 * @param deviations how deviation characters are read; null: they are a problem
 * @param problems gets every problem of the name
 */
function readLabels(
  text: string,
  origin: DnsName | undefined,
  deviations: Deviations | null,
  problems: Problem[],
): DnsName {
  const parts = splitLabels(text, problems);
  const absolute = parts.length > 1 && parts.at(-1) === '';
  if (absolute) parts.pop();
  else if (origin === undefined) problems.push(problem('name.relative', { name: text }));
  const own = parts.map((part) => canonicalLabel(part, { name: text, deviations, problems }));
  const rest = absolute || origin === undefined || origin === '.' ? '' : origin;
  const name = `${own.map((label) => `${label}.`).join('')}${rest}`;
  if (octetsOf(name) > mostNameOctets) problems.push(problem('name.too-long', { name: text }));
  return name as DnsName;
}

/**
 * Parses the name of a zone. Its final dot is optional: `example.org` and `example.org.` are the same.
 * @param known zones that exist; they decide how deviation characters are read
 * @throws {DnsDataError}
 */
export function zoneName(text: string, known: ReadonlySet<DnsName> = new Set()): DnsName {
  return parseName(text.endsWith('.') && !text.endsWith('\\.') ? text : `${text}.`, { known });
}

/**
 * Whether the name's Unicode form has a character that IDNA 2003 and IDNA 2008 encode differently: ß, ς, ZWJ
 * or ZWNJ.
 */
export function isDeviating(name: DnsName): boolean {
  return name.includes('xn--') && deviation.test(displayName(name));
}

/**
 * The name as users read it: in Unicode, without the final dot. A label that cannot be shown in Unicode stays
 * in punycode.
 */
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

/** The name relative to a zone: `@` at the apex. A name outside the zone stays absolute. */
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

/** The labels as canonical text, the leftmost first. The root is left out. */
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

/**
 * All names of wildcards in the zone that may answer for the name (RFC 4592 section 3.3), the nearest first.
 */
export function wildcardsOver(name: DnsName, zone: DnsName): DnsName[] {
  const found: DnsName[] = [];
  for (let above = name; above !== zone && isWithin(above, zone);) {
    above = parentName(above);
    const wildcard = parseName('*', above);
    if (wildcard !== name) found.push(wildcard);
  }
  return found;
}

/** The octets of one label, from its canonical text. */
export function labelOctets(label: string): Buffer {
  return unescape(label, []);
}

/** The canonical text of one label, from its octets. */
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

/** Length of the name in wire form, in octets: each label with its length octet, and the final zero octet. */
function octetsOf(name: string): number {
  const parts = splitLabels(name, []).slice(0, -1);
  return parts.reduce((total, part) => total + labelOctets(part).length + 1, 1);
}

/** Splits a text at its dots, but not at escaped dots. Escapes stay as they are. */
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

/**
 * The data for parsing one label: the whole name, the way to read deviation characters, and a list that
 * collects problems.
 */
interface LabelContext {
  readonly name: string;
  readonly deviations: Deviations | null;
  readonly problems: Problem[];
}

function canonicalLabel(label: string, context: LabelContext): string {
  const { name, problems } = context;
  if (label === '') problems.push(problem('name.empty-label', { name }));
  const octets = /\P{ASCII}/u.test(label) ? unicodeLabel(label, context) : asciiOctets(label, name, problems);
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

function unicodeLabel(label: string, { name, deviations, problems }: LabelContext): Uint8Array {
  const refused = (code: string): Uint8Array => {
    problems.push(problem(code, { name, label }));
    return Buffer.alloc(0);
  };
  if (label.length > mostLabelText) return refused('name.label-too-long');
  if (deviations === null && deviation.test(label)) return refused('name.deviation');
  const ascii = toASCII(label, {
    checkHyphens: false,
    useSTD3ASCIIRules: false,
    transitionalProcessing: deviations === 'mapped',
  });
  // An international label contains no escape and no control character (RFC 5890 section 2.3.1).
  const isSound = ascii !== null && /^[\w*/-]+$/.test(ascii);
  return isSound ? Buffer.from(ascii, 'latin1') : refused('name.not-idna');
}

/** Names above a name, the nearest first. The root and the top-level domain are left out. */
export function namesAbove(name: DnsName): DnsName[] {
  const found: DnsName[] = [];
  for (let above = parentName(name); labels(above).length > 1; above = parentName(above)) found.push(above);
  return found;
}
