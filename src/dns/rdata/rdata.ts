import type { DnsName } from '../name.ts';
import { DnsDataError, problem, type Problem } from '../problem.ts';
import { canonicalOctets, chunks } from './fields.ts';
import { quote, tokens, unescape, type Token } from './text.ts';
import { recordTypes, typeOfNumber, type RecordType } from './types.ts';

/**
 * The one spelling of a record type: upper case, a known type by its mnemonic, any other as it is.
 * @throws {DnsDataError} `type.unknown` for what cannot be a type
 */
export function canonicalType(text: string): string {
  const upper = text.toUpperCase();
  const number = /^TYPE(\d{1,5})$/.exec(upper)?.[1];
  if (number !== undefined && Number(number) <= 65_535) return typeOfNumber(Number(number));
  if (!/^[A-Z][A-Z0-9-]{0,30}$/.test(upper))
    throw new DnsDataError([problem('type.unknown', { type: text })]);
  return upper;
}

/** Whether an owner name can have only one record of this type. */
export function singleValued(type: string): boolean {
  return recordTypes.get(type)?.single ?? false;
}

/**
 * From rdata in any master-file spelling to the canonical one; equal data give equal text.
 * @param type canonical
 * @param origin completes relative names; without it they are a problem
 * @throws {DnsDataError} with every problem
 */
export function parseRdata(type: string, text: string, origin?: DnsName): string {
  const problems: Problem[] = [];
  const words = tokens(text, problems);
  const known = recordTypes.get(type);
  const generic = words[0]?.text === '\\#' && !words[0].quoted;
  const rdata =
    generic || known === undefined
      ? parseGeneric(type, words, known, problems)
      : parseFields(type, known, words, origin, problems);
  if (problems.length > 0) throw new DnsDataError(problems);
  return rdata;
}

/**
 * Canonical rdata from its fields, in the table's order. A text field is given as the text itself, unquoted and unescaped.
 * @throws {DnsDataError}
 */
export function rdataFromFields(type: string, fields: readonly string[], origin?: DnsName): string {
  const known = recordTypes.get(type);
  if (known === undefined) return parseRdata(type, fields.join(' '), origin);
  const problems: Problem[] = [];
  const words = fields.map((value, at): Token => {
    const textual = isTextual(known, at);
    return { text: textual ? quote(Buffer.from(value, 'utf8')).slice(1, -1) : value, quoted: textual };
  });
  const rdata = parseFields(type, known, words, origin, problems);
  if (problems.length > 0) throw new DnsDataError(problems);
  return rdata;
}

/**
 * The fields of canonical rdata, in the table's order. A text field is the text itself where it is UTF-8 without control
 * characters, else its escaped form; an unknown type is one field, the whole `\# ...`.
 */
export function rdataFields(type: string, rdata: string): readonly string[] {
  const known = recordTypes.get(type);
  if (known === undefined) return [rdata];
  return tokens(rdata, []).map((token) => (token.quoted ? plainText(token.text) : token.text));
}

/** The text of a TXT or SPF record as quoted strings of at most 255 octets each, for outputs that want them cut. */
export function txtChunks(rdata: string): string[] {
  return chunks(canonicalOctets(rdata)).map((part) => quote(part));
}

/** Wire form of canonical rdata, names uncompressed. */
export function wireRdata(type: string, rdata: string): Uint8Array {
  const known = recordTypes.get(type);
  if (known === undefined) return Buffer.from(rdata.split(' ').slice(2).join(''), 'hex');
  const words = tokens(rdata, []);
  return Buffer.concat(
    known.fields.map(({ kind }, at) => {
      const word = words[at] ?? { text: '', quoted: false };
      return kind.encode(word.quoted ? `"${word.text}"` : word.text);
    }),
  );
}

/**
 * Canonical rdata from wire form, names uncompressed.
 * @throws {DnsDataError} when the octets do not fit the type
 */
export function rdataFromWire(type: string, octets: Uint8Array): string {
  const known = recordTypes.get(type);
  if (known === undefined) return genericText(octets);
  let at = 0;
  const words = known.fields.map(({ kind }, index) => {
    const { text, used } = kind.decode(octets.subarray(at), index === known.fields.length - 1);
    at += used;
    return text;
  });
  if (at !== octets.length) throw new DnsDataError([problem('wire.too-long', { type })]);
  return words.join(' ');
}

function isTextual(known: RecordType, at: number): boolean {
  return known.fields[at]?.name === 'text' || known.fields[at]?.name === 'value';
}

function parseFields(
  type: string,
  known: RecordType,
  words: readonly Token[],
  origin: DnsName | undefined,
  problems: Problem[],
): string {
  const joined = joinRest(known, words);
  if (joined.length > known.fields.length) {
    const extra = joined.slice(known.fields.length).map((word) => word.text);
    problems.push(problem('rdata.extra-field', { type, value: extra.join(' ') }));
  }
  return known.fields
    .map(({ name, kind }, at) => {
      const word = joined[at];
      if (word === undefined) {
        problems.push(problem('rdata.missing-field', { type, field: name }));
        return '';
      }
      return kind.parse(word, { type, field: name, origin, problems });
    })
    .join(' ');
}

/** Several character-strings are one text. */
function joinRest(known: RecordType, words: readonly Token[]): readonly Token[] {
  const last = known.fields.length - 1;
  if (known.fields[last]?.kind.rest !== true || words.length <= last) return words;
  const rest = words.slice(last).map((word) => word.text);
  return [...words.slice(0, last), { text: rest.join(''), quoted: true }];
}

/** `\# length hex ...` (RFC 3597 section 5); for a known type it becomes that type's own text. */
function parseGeneric(
  type: string,
  words: readonly Token[],
  known: RecordType | undefined,
  problems: Problem[],
): string {
  const hex = words
    .slice(2)
    .map((word) => word.text)
    .join('');
  const length = words[1]?.text ?? '';
  const sound = words[0]?.text === '\\#' && /^\d{1,5}$/.test(length) && /^([0-9a-f]{2})*$/i.test(hex);
  if (!sound || hex.length !== Number(length) * 2) {
    problems.push(problem(words[0]?.text === '\\#' ? 'rdata.bad-hex' : 'rdata.not-generic', { type }));
    return '';
  }
  const octets = Buffer.from(hex, 'hex');
  if (known === undefined) return genericText(octets);
  try {
    return rdataFromWire(type, octets);
  } catch (error) {
    if (!(error instanceof DnsDataError)) throw error;
    problems.push(problem('rdata.bad-hex', { type }));
    return '';
  }
}

function genericText(octets: Uint8Array): string {
  const hex = Buffer.from(octets).toString('hex');
  return `\\# ${octets.length}${hex === '' ? '' : ` ${hex}`}`;
}

function plainText(escapedText: string): string {
  const octets = unescape(escapedText, []);
  const decoded = octets.toString('utf8');
  const faithful = Buffer.from(decoded, 'utf8').equals(octets);
  return faithful && !/\p{Cc}/u.test(decoded) ? decoded : escapedText;
}
