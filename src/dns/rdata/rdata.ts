import type { Origin } from '../name.ts';
import { DnsDataError, problem, validOrElse, type Problem } from '../problem.ts';
import { canonicalOctets, chunks } from './fields-text.ts';
import { quote, tokens, unescape, type Token } from './text.ts';
import { metaTypes, rareTypes } from './type-numbers.ts';
import { numberOfType, recordTypes, typeOfNumber, type RecordType } from './types.ts';

/** Maximum length of rdata in octets (RFC 1035 section 3.2.1: RDLENGTH has 16 bits). */
const mostRdataOctets = 65_535;

/**
 * Maximum length of rdata text in characters. A longer text is refused without parsing it. Within this limit
 * every octet may be written as `\DDD`, with quotation marks around each string of 255 octets.
 */
export const mostRdataText = 270_000;

/**
 * The canonical spelling of a record type, in upper case. A type in the table of types gets its mnemonic. Any
 * other type with a known number becomes `TYPEnnn`. A mnemonic without a known number stays as it is.
 * @throws {DnsDataError} `type.unknown` for a text that cannot be a record type
 */
export function canonicalType(text: string): string {
  if (recordTypes.has(text)) return text;
  const upper = text.toUpperCase();
  const number =
    /^TYPE\d{1,5}$/.test(upper) || metaTypes.has(upper) ? numberOfType(upper) : rareTypes.get(upper);
  const meta = number === 0 || [...metaTypes.values()].some((one) => one === number);
  if (meta || !/^[A-Z][A-Z0-9-]{0,30}$/.test(upper))
    throw new DnsDataError([problem('type.unknown', { type: text })]);
  return number === undefined ? upper : typeOfNumber(number);
}

/** Whether an owner name can have only one record of this type. */
export function singleValued(type: string): boolean {
  return recordTypes.get(type)?.single ?? false;
}

/**
 * Converts rdata in any master-file spelling to canonical rdata. Equal data give equal text.
 * @param type canonical spelling of the type
 * @param origin is appended to relative names; absent: relative names are refused
 * @throws {DnsDataError} with every problem
 */
export function parseRdata(type: string, text: string, origin?: Origin): string {
  const problems: Problem[] = [];
  const words = wordsWithin(type, text, problems);
  const known = recordTypes.get(type);
  const generic = words[0]?.text === '\\#' && !words[0].quoted;
  const rdata =
    generic || known === undefined
      ? parseGeneric(type, words, problems)
      : parseFields(type, known, fieldWords(known, words), origin, problems);
  if (problems.length > 0) throw new DnsDataError(problems);
  return rdata;
}

/**
 * Makes canonical rdata from its fields, in the order of the table of types. The caller gives text fields
 * without quotes and escapes.
 * @throws {DnsDataError}
 */
export function rdataFromFields(type: string, fields: readonly string[], origin?: Origin): string {
  const known = recordTypes.get(type);
  if (known === undefined) return parseRdata(type, fields.join(' '), origin);
  for (const value of fields) demandShort(type, value.length, mostRdataText);
  const problems: Problem[] = [];
  const groups = fields.map((value, at): Token[] => {
    const kind = known.fields[at]?.kind;
    if (kind?.textual === true) {
      return [{ text: quote(Buffer.from(value, 'utf8')).slice(1, -1), quoted: true }];
    }
    return kind?.most === undefined ? [{ text: value, quoted: false }] : wordsWithin(type, value, problems);
  });
  const rdata = parseFields(type, known, groups, origin, problems);
  if (problems.length > 0) throw new DnsDataError(problems);
  return rdata;
}

/** Splits rdata text into words. @throws {DnsDataError} `rdata.too-long` */
function wordsWithin(type: string, text: string, problems: Problem[]): Token[] {
  demandShort(type, text.length, mostRdataText);
  const words = tokens(text, problems);
  demandShort(type, words.length, mostRdataOctets);
  return words;
}

function demandShort(type: string, length: number, most: number): void {
  if (length > most)
    throw new DnsDataError([problem('rdata.too-long', { type, value: `> ${mostRdataOctets}` })]);
}

/**
 * Splits canonical rdata into its fields, in the order of the table of types. A text field is returned
 * without quotes and escapes if it is UTF-8 without control characters; otherwise it keeps its escapes. Data
 * written as `\# ...` form one field.
 */
export function rdataFields(type: string, rdata: string): readonly string[] {
  const known = structureOf(type, rdata);
  if (known === undefined) return [rdata];
  return fieldWords(known, tokens(rdata, [])).map((words) =>
    words.map((word) => (word.quoted ? plainText(word.text) : word.text)).join(' '),
  );
}

/**
 * The text of a TXT or SPF record as quoted strings of at most 255 octets each. Some outputs need the text
 * cut in this way.
 */
export function txtChunks(rdata: string): string[] {
  return chunks(canonicalOctets(rdata)).map((part) => quote(part));
}

/** The wire form of canonical rdata; names are not compressed. */
export function wireRdata(type: string, rdata: string): Uint8Array {
  const known = structureOf(type, rdata);
  if (known === undefined) return Buffer.from(rdata.split(' ').slice(2).join(''), 'hex');
  const groups = fieldWords(known, tokens(rdata, []));
  return Buffer.concat(
    known.fields.map(({ kind }, at) => {
      const words = groups[at] ?? [];
      return kind.encode(words.map((word) => (word.quoted ? `"${word.text}"` : word.text)).join(' '));
    }),
  );
}

/**
 * The row of the type in the table of types. Undefined: there is none, or the data are written as `\# ...`
 * (RFC 3597). A type with a row has such data if a row of the panel could not be understood.
 */
function structureOf(type: string, rdata: string): RecordType | undefined {
  return rdata.startsWith('\\# ') ? undefined : recordTypes.get(type);
}

/**
 * Makes canonical rdata from its wire form, in which names must not be compressed.
 * @throws {DnsDataError} when the octets do not fit the type
 */
export function rdataFromWire(type: string, octets: Uint8Array): string {
  const known = recordTypes.get(type);
  if (known === undefined) return genericText(octets);
  let at = 0;
  const fields = known.fields.map(({ kind }) => {
    const { text, used } = kind.decode(octets.subarray(at));
    at += used;
    return text;
  });
  if (at !== octets.length) throw new DnsDataError([problem('wire.too-long', { type })]);
  const wrong = known.wrong(fields);
  if (wrong !== null) throw new DnsDataError([problem('wire.bad-field', { field: wrong })]);
  return joinFields(fields);
}

/**
 * Distributes words over the fields. Only the last field can take all remaining words. If words are left
 * over, they form one more group.
 */
function fieldWords(known: RecordType, words: readonly Token[]): Token[][] {
  let at = 0;
  const groups = known.fields.map(({ kind }) => words.slice(at, (at += kind.most ?? 1)));
  return at < words.length ? [...groups, words.slice(at)] : groups;
}

function parseFields(
  type: string,
  known: RecordType,
  groups: readonly (readonly Token[])[],
  origin: Origin | undefined,
  problems: Problem[],
): string {
  const extra = groups.slice(known.fields.length).flat();
  if (extra.length > 0) {
    problems.push(problem('rdata.extra-field', { type, value: extra.map((word) => word.text).join(' ') }));
  }
  const fields = known.fields.map(({ name, kind }, at) => {
    const words = groups[at] ?? [];
    if (words.length < (kind.least ?? 1)) {
      problems.push(problem('rdata.missing-field', { type, field: name }));
      return '';
    }
    return kind.parse(words, { type, field: name, origin, problems });
  });
  const rdata = joinFields(fields);
  if (problems.length > 0) return rdata;
  const wrong = known.wrong(fields);
  if (wrong !== null) problems.push(problem('rdata.bad-length', { type, field: wrong }));
  // A shorter text never exceeds the limit, because three characters stand for at most sixteen octets (an
  // IPv6 address in SVCB).
  else if (rdata.length > mostRdataOctets / 8) checkLength(type, rdata, problems);
  return rdata;
}

/** Joins fields to rdata text. Empty fields are left out. */
function joinFields(fields: readonly string[]): string {
  return fields.filter((field) => field !== '').join(' ');
}

function checkLength(type: string, rdata: string, problems: Problem[]): void {
  const { length } = wireRdata(type, rdata);
  if (length > mostRdataOctets) problems.push(problem('rdata.too-long', { type, value: String(length) }));
}

/**
 * Parses `\# length hex ...` (RFC 3597 section 5). If the table has the type, returns its usual canonical
 * text.
 */
function parseGeneric(type: string, words: readonly Token[], problems: Problem[]): string {
  const [mark = '', length = '', ...digits] = words.map((word) => (word.quoted ? '"' : word.text));
  const hex = digits.join('');
  const sound = mark === '\\#' && /^\d{1,5}$/.test(length) && /^(?:[0-9a-f]{2})*$/i.test(hex);
  if (!sound || hex.length !== Number(length) * 2) {
    problems.push(problem(mark === '\\#' ? 'rdata.bad-hex' : 'rdata.not-generic', { type }));
    return '';
  }
  const octets = Buffer.from(hex, 'hex');
  return validOrElse(
    () => rdataFromWire(type, octets),
    () => {
      problems.push(problem('rdata.bad-hex', { type }));
      return '';
    },
  );
}

/** Formats octets as in RFC 3597 section 5: `\\# length hex`. */
export function genericText(octets: Uint8Array): string {
  const hex = Buffer.from(octets).toString('hex');
  return `\\# ${octets.length}${hex === '' ? '' : ` ${hex}`}`;
}

function plainText(escapedText: string): string {
  const octets = unescape(escapedText, []);
  const decoded = octets.toString('utf8');
  const faithful = Buffer.from(decoded, 'utf8').equals(octets);
  return faithful && !/\p{Cc}/u.test(decoded) ? decoded : escapedText;
}
