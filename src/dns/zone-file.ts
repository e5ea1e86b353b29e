import { isWithin, labelOctets, labels, parseName, relativeName, type DnsName } from './name.ts';
import { collect, DnsDataError, problem, type Problem } from './problem.ts';
import { readSeconds } from './rdata/fields-number.ts';
import { canonicalType, parseRdata, rdataFields, txtChunks } from './rdata/rdata.ts';
import { recordId, type ResourceRecord } from './record.ts';

export interface ZoneFileOptions {
  /** The name that is appended to relative names until the first `$ORIGIN`. */
  readonly origin?: DnsName;
  /** TTL in seconds for records without a TTL before the first `$TTL`. Default: their TTL stays unknown. */
  readonly defaultTtl?: number;
  /** Name of the file, for error messages. */
  readonly file?: string;
  /** If given, records outside this zone are mistakes. */
  readonly within?: DnsName;
}

export interface ZoneFile {
  /** The first origin; null: neither `$ORIGIN` nor the options named one. */
  readonly origin: DnsName | null;
  /** The records in the order of the file. If records are equal, only the first one is kept. */
  readonly records: readonly ResourceRecord[];
}

/** Number of mistakes after which the parser stops, because the file is probably not a zone file. */
const mostMistakes = 1_000;

/**
 * Parses a master file (RFC 1035 section 5) with `$ORIGIN`, `$TTL` (RFC 2308 section 4), parentheses, quotes,
 * comments, `\DDD`, and TTLs with units (`1h30m`). The owner may be missing; class (`IN` or `CLASS1`) and TTL
 * may come in either order. A record without a TTL gets the TTL of `$TTL`, or else the last TTL in the file.
 * If neither exists for an SOA, the SOA and the records after it get the SOA's minimum, as in BIND.
 * @throws {DnsDataError} with every mistake of the file, up to some 1,000. Each problem has `file`, `line`
 *   and `column`. `$INCLUDE` and `$GENERATE` are refused
 */
export function parseZoneFile(text: string, options: ZoneFileOptions = {}): ZoneFile {
  const reader = new Reader(options);
  for (const entry of logicalLines(text, reader.problems)) {
    if (reader.problems.length >= mostMistakes) break;
    reader.take(entry);
  }
  if (reader.problems.length > 0) throw new DnsDataError(reader.located());
  return { origin: reader.firstOrigin, records: [...reader.records.values()] };
}

interface LogicalLine {
  /** Text of the entry without comments, parentheses and line ends. */
  readonly text: string;
  /**
   * For each line of the entry: its number in the file, from 1, and the offset in `text` at which it begins.
   */
  readonly lines: readonly { readonly number: number; readonly from: number }[];
  /** Whether the entry begins with white space. It then has the owner name of the previous record. */
  readonly inherits: boolean;
}

/** A place in the file; both numbers begin at 1. */
interface Place {
  readonly line: number;
  readonly column: number;
}

interface Located extends Place {
  readonly problem: Problem;
}

/**
 * The place in the file of a character of an entry. This works because comments and parentheses are removed
 * without moving the columns of a line.
 */
function placeOf({ lines }: LogicalLine, offset: number): Place {
  const { number, from } = lines.findLast((one) => one.from <= offset) ?? { number: 0, from: offset };
  return { line: number, column: offset - from + 1 };
}

/**
 * Splits a file into entries: joins the lines within parentheses and removes comments. In quotes and after a
 * backslash, `(`, `)` and `;` have no special meaning.
 */
function logicalLines(text: string, problems: Located[]): LogicalLine[] {
  const found: LogicalLine[] = [];
  let current = '';
  let lines: { number: number; from: number }[] = [];
  let inherits = false;
  let isBroken = false;
  let depth = 0;
  let opened: Place = { line: 1, column: 1 };
  for (const [at, raw] of text
    .replace(/^\ufeff/, '')
    .split(/\r\n|\n|\r/)
    .entries()) {
    if (depth === 0) {
      current = '';
      lines = [];
      inherits = /^[ \t]/.test(raw);
      isBroken = false;
    }
    lines.push({ number: at + 1, from: current.length });
    const read = readLine(raw);
    if (depth === 0 && read.depth > 0) opened = { line: at + 1, column: raw.indexOf('(') + 1 };
    current += read.text;
    depth += read.depth;
    if (read.openQuote !== null) {
      const place = { line: at + 1, column: read.openQuote + 1 };
      problems.push({ ...place, problem: problem('rdata.unbalanced-quote', { text: raw.trim() }) });
      // It is unknown what the text after the quotation mark means, so no further mistakes of this entry are
      // reported.
      isBroken = true;
    }
    if (depth < 0)
      problems.push({
        line: at + 1,
        column: raw.indexOf(')') + 1,
        problem: problem('zonefile.parenthesis', {}),
      });
    depth = Math.max(0, depth);
    if (depth > 0) current += ' ';
    else if (current.trim() !== '' && !isBroken) found.push({ text: current.trimEnd(), lines, inherits });
  }
  if (depth > 0) problems.push({ ...opened, problem: problem('zonefile.parenthesis', {}) });
  return found;
}

/**
 * The parts of a line: a quoted string (its closing quote may be missing), an escape, one of `;()`, or other
 * text.
 */
const pieces = /"(?:[^"\\]|\\.?)*"?|\\.?|[;()]|[^"\\;()]+/gsu;

/**
 * Returns a line without its comment and parentheses. `depth`: the number of opening minus closing
 * parentheses. `openQuote`: the index of a quotation mark that is not closed; null: there is none.
 */
function readLine(raw: string): { text: string; depth: number; openQuote: number | null } {
  if (!/["\\;()]/.test(raw)) return { text: raw, depth: 0, openQuote: null };
  let text = '';
  let depth = 0;
  for (const [piece] of raw.matchAll(pieces)) {
    if (piece === ';') break;
    if (piece === '(' || piece === ')') {
      depth += piece === '(' ? 1 : -1;
      text += ' ';
      continue;
    }
    text += piece;
    if (piece.startsWith('"') && !/^"(?:[^"\\]|\\.)*"$/su.test(piece))
      return { text, depth, openQuote: text.length - piece.length };
  }
  return { text, depth, openQuote: null };
}

class Reader {
  readonly records = new Map<string, ResourceRecord>();
  readonly problems: Located[] = [];
  origin: DnsName | undefined;
  firstOrigin: DnsName | null;
  readonly #file: string;
  readonly #within: DnsName | null;
  #ttl: number | null;
  #owner: DnsName | null = null;
  #lastTtl: number | null = null;

  constructor(options: ZoneFileOptions) {
    this.origin = options.origin;
    this.firstOrigin = options.origin ?? null;
    this.#within = options.within ?? null;
    this.#ttl = options.defaultTtl ?? null;
    this.#file = options.file ?? '';
  }

  located(): Problem[] {
    return this.problems
      .toSorted((a, b) => a.line - b.line || a.column - b.column)
      .map(({ line, column, problem: { code, params } }) => ({
        code,
        params: { ...params, file: this.#file, line: String(line), column: String(column) },
      }));
  }

  take(entry: LogicalLine): void {
    const text = entry.text.trimStart();
    if (text.startsWith('$')) this.#at(entry, text, () => this.#directive(text));
    else this.#record(entry, text);
  }

  /**
   * Returns the result of `read`; null: `read` found mistakes, which are noted with their place.
   * @param rest the part of the entry in which the mistakes are; it reaches to the end of the entry
   */
  #at<T>(entry: LogicalLine, rest: string, read: () => T): T | null {
    const found: Problem[] = [];
    const value = collect(found, read);
    for (const one of found) {
      const inside = Math.max(0, rest.indexOf(one.params['value'] ?? ''));
      const place = placeOf(entry, entry.text.length - rest.length + inside);
      this.problems.push({ ...place, problem: one });
    }
    return value;
  }

  #directive(text: string): void {
    const { word, rest } = firstWord(text);
    const { word: value, rest: extra } = firstWord(rest);
    switch (word.toUpperCase()) {
      case '$ORIGIN':
        this.origin = parseName(value, this.origin);
        this.firstOrigin ??= this.origin;
        break;
      case '$TTL':
        this.#ttl = readTtl(value) ?? throwProblem('zonefile.bad-ttl', value);
        break;
      case '$INCLUDE':
        throwProblem('zonefile.include', value);
        break;
      default:
        throwProblem('zonefile.directive', word);
    }
    if (extra !== '') throwProblem('zonefile.directive', extra);
  }

  #record(entry: LogicalLine, text: string): void {
    const own = entry.inherits ? null : firstWord(text);
    if (own !== null) this.#owner = this.#at(entry, text, () => this.#named(own.word));
    const owner = this.#owner;
    const afterName = own === null ? text : own.rest;
    // If this entry has an owner name of its own that is a mistake, the mistake was already reported.
    if (owner === null && own === null) this.#at(entry, text, () => throwProblem('zonefile.no-owner', ''));
    const head = this.#at(entry, afterName, () => ttlAndClass(afterName));
    if (head === null) return;
    const { word: type, rest: rdata } = firstWord(head.rest);
    this.#lastTtl = head.ttl ?? this.#ttl ?? this.#lastTtl;
    const known = this.#at(entry, head.rest, () => canonicalType(type));
    if (known === null) return;
    const data = this.#at(entry, rdata, () => parseRdata(known, rdata, this.origin));
    if (owner === null || data === null) return;
    const record = { name: owner, type: known, ttl: this.#lastTtl, rdata: data };
    this.#add(known === 'SOA' && record.ttl === null ? this.#withMinimum(record) : record);
  }

  /** Parses an owner name. @throws {DnsDataError} if it is not a name, or lies outside the zone */
  #named(word: string): DnsName {
    const name = parseName(word, this.origin);
    if (this.#within !== null && !isWithin(name, this.#within)) throwProblem('zonefile.outside', word);
    return name;
  }

  #withMinimum(soa: ResourceRecord): ResourceRecord {
    this.#ttl = soaMinimum(soa);
    return { ...soa, ttl: this.#ttl };
  }

  #add(record: ResourceRecord): void {
    const id = recordId(record);
    if (!this.records.has(id)) this.records.set(id, record);
  }
}

function throwProblem(code: string, value: string): never {
  throw new DnsDataError([problem(code, value === '' ? {} : { value })]);
}

function soaMinimum({ type, rdata }: ResourceRecord): number {
  return Number(rdataFields(type, rdata).at(-1));
}

/**
 * Removes TTL and class, in either order, from the front of a text.
 * @throws {DnsDataError} for a class other than IN
 */
function ttlAndClass(text: string): { ttl: number | null; rest: string } {
  let rest = text;
  let ttl: number | null = null;
  let classes = 0;
  for (;;) {
    const { word, rest: after } = firstWord(rest);
    const seconds = readTtl(word);
    if (ttl === null && seconds !== null) ttl = seconds;
    else if (classes > 0 || !/^(?:IN|CH|HS|CS|CLASS\d+)$/i.test(word)) return { ttl, rest };
    else if (!/^(?:IN|CLASS1)$/i.test(word)) throwProblem('zonefile.class', word);
    else classes += 1;
    rest = after;
  }
}

/** Largest TTL in seconds (RFC 2181 section 8). */
const mostTtl = 2_147_483_647;

/** Parses a TTL such as `3600`, `1h`, `1h30m` or `2W`. @returns seconds; null: the text is not a TTL */
function readTtl(text: string): number | null {
  const total = readSeconds(text);
  return total !== null && total <= mostTtl ? total : null;
}

/**
 * Writes a master file. {@link parseZoneFile} and BIND read the same records from it. The SOA comes first,
 * then the other records, with owner names in canonical order. Long texts are split into strings of 255
 * octets. If some record has no TTL, the file gets `$TTL` with the SOA's minimum.
 */
export function formatZoneFile(zone: DnsName, records: readonly ResourceRecord[]): string {
  const sorted = records.toSorted(
    (a, b) =>
      Number(b.type === 'SOA') - Number(a.type === 'SOA') ||
      compareNames(a.name, b.name) ||
      (recordId(a) < recordId(b) ? -1 : 1),
  );
  const lines = sorted.map((record) => {
    const ttl = record.ttl === null ? '' : `${record.ttl} `;
    return `${relativeName(record.name, zone)} ${ttl}IN ${record.type} ${outputRdata(record)}`;
  });
  const soa = sorted.find(({ type, rdata }) => type === 'SOA' && !rdata.startsWith('\\# '));
  const unknown = records.some(({ ttl }) => ttl === null);
  const defaults = soa !== undefined && unknown ? [`$TTL ${soaMinimum(soa)}`] : [];
  return [`$ORIGIN ${zone}`, ...defaults, ...lines, ''].join('\n');
}

function outputRdata({ type, rdata }: ResourceRecord): string {
  return type === 'TXT' || type === 'SPF' ? txtChunks(rdata).join(' ') : rdata;
}

/**
 * Compares two names in canonical DNS order (RFC 4034 section 6.1): label by label from the right, as octets.
 * @returns a number for `sort`: negative, zero or positive
 */
export function compareNames(a: DnsName, b: DnsName): number {
  const left = labels(a).toReversed();
  const right = labels(b).toReversed();
  for (let at = 0; at < Math.min(left.length, right.length); at += 1) {
    const order = Buffer.compare(labelOctets(left[at] ?? ''), labelOctets(right[at] ?? ''));
    if (order !== 0) return order;
  }
  return left.length - right.length;
}

/**
 * Splits a text after its first word and removes the white space between both parts. Escapes in the word stay
 * as they are.
 */
function firstWord(text: string): { word: string; rest: string } {
  const [word = ''] = /^(?:\\.?|[^\\" \t\r\n])*/su.exec(text) ?? [];
  return { word, rest: text.slice(word.length).replace(/^[ \t\r\n]+/u, '') };
}
