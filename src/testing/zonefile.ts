import { labelOctets, labels, parseName, relativeName, type DnsName } from '../dns/name.ts';
import { DnsDataError, problem, type Problem } from '../dns/problem.ts';
import { readSeconds } from '../dns/rdata/fields-number.ts';
import { rdataFields, txtChunks } from '../dns/rdata/rdata.ts';
import { makeRecord, recordId, type ResourceRecord } from '../dns/record.ts';

export interface ZoneFileOptions {
  /** The name that completes relative names until the first `$ORIGIN`. */
  readonly origin?: DnsName;
  /** TTL in seconds of records that have none before the first `$TTL`. Default: their TTL stays unknown. */
  readonly defaultTtl?: number;
  /** Name of the file, for error messages. */
  readonly file?: string;
}

export interface ZoneFile {
  /** The origin at the end of the file; null: neither `$ORIGIN` nor the options named one. */
  readonly origin: DnsName | null;
  /** The records in the order of the file. Of equal records, only the first one. */
  readonly records: readonly ResourceRecord[];
}

/**
 * Parses a master file (RFC 1035 section 5) with `$ORIGIN`, `$TTL` (RFC 2308 section 4), parentheses, quotes,
 * comments, `\DDD`, and TTLs with units (`1h30m`). The owner may be missing; class (`IN` or `CLASS1`) and TTL
 * may come in either order. A record without a TTL gets that of `$TTL`, else the last one stated. An SOA
 * without one, and records after it, get the SOA's minimum, as in BIND.
 * @throws {DnsDataError} with every mistake of the file; each problem has `file` and `line`. `$INCLUDE` and
 *   `$GENERATE` are refused
 */
export function parseZoneFile(text: string, options: ZoneFileOptions = {}): ZoneFile {
  const reader = new Reader(options);
  for (const entry of logicalLines(text, reader.problems)) reader.take(entry);
  if (reader.problems.length > 0) throw new DnsDataError(reader.located());
  return { origin: reader.origin ?? null, records: [...reader.records.values()] };
}

interface LogicalLine {
  /** Number of the entry's first line in the file, from 1. */
  readonly line: number;
  /** Text of the entry without comments, parentheses and line ends. */
  readonly text: string;
  /** Whether the line begins with white space, so that it has the owner name of the record before it. */
  readonly inherits: boolean;
}

interface Located {
  readonly line: number;
  readonly problem: Problem;
}

/**
 * Splits a file into entries: joins lines within parentheses, and drops comments. In quotes and after a
 * backslash, `(`, `)` and `;` have no special meaning.
 */
function logicalLines(text: string, problems: Located[]): LogicalLine[] {
  const found: LogicalLine[] = [];
  let current = '';
  let first = 1;
  let inherits = false;
  let depth = 0;
  for (const [at, raw] of text
    .replace(/^\ufeff/, '')
    .split(/\r\n|\n|\r/)
    .entries()) {
    if (depth === 0) {
      current = '';
      first = at + 1;
      inherits = /^[ \t]/.test(raw);
    }
    const read = readLine(raw);
    current += read.text;
    depth += read.depth;
    if (read.openQuote) {
      problems.push({ line: at + 1, problem: problem('rdata.unbalanced-quote', { text: raw.trim() }) });
    }
    if (depth < 0) problems.push({ line: at + 1, problem: problem('zonefile.parenthesis', {}) });
    depth = Math.max(0, depth);
    if (depth > 0) current += ' ';
    else if (current.trim() !== '') {
      found.push({ line: first, text: current.trim(), inherits });
    }
  }
  if (depth > 0) problems.push({ line: first, problem: problem('zonefile.parenthesis', {}) });
  return found;
}

/** The parts of a line: a quoted string (perhaps without its end), an escape, one of `;()`, or other text. */
const pieces = /"(?:[^"\\]|\\.?)*"?|\\.?|[;()]|[^"\\;()]+/gsu;

/**
 * One line without its comment and parentheses. `depth`: number of opening minus closing parentheses.
 * `openQuote`: whether a quote is not closed.
 */
function readLine(raw: string): { text: string; depth: number; openQuote: boolean } {
  if (!/["\\;()]/.test(raw)) return { text: raw, depth: 0, openQuote: false };
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
      return { text, depth, openQuote: true };
  }
  return { text, depth, openQuote: false };
}

class Reader {
  readonly records = new Map<string, ResourceRecord>();
  readonly problems: Located[] = [];
  origin: DnsName | undefined;
  readonly #file: string;
  #ttl: number | null;
  #owner: DnsName | null = null;
  #lastTtl: number | null = null;

  constructor(options: ZoneFileOptions) {
    this.origin = options.origin;
    this.#ttl = options.defaultTtl ?? null;
    this.#file = options.file ?? '';
  }

  located(): Problem[] {
    return this.problems
      .toSorted((a, b) => a.line - b.line)
      .map(({ line, problem: { code, params } }) => ({
        code,
        params: { ...params, file: this.#file, line: String(line) },
      }));
  }

  take(entry: LogicalLine): void {
    try {
      if (entry.text.startsWith('$')) this.#directive(entry);
      else this.#record(entry);
    } catch (error) {
      if (!(error instanceof DnsDataError)) throw error;
      for (const one of error.problems) this.problems.push({ line: entry.line, problem: one });
    }
  }

  #directive(entry: LogicalLine): void {
    const { word, rest } = firstWord(entry.text);
    const { word: value, rest: extra } = firstWord(rest);
    if (extra !== '') throw new DnsDataError([problem('zonefile.directive', { value: entry.text })]);
    switch (word.toUpperCase()) {
      case '$ORIGIN':
        this.origin = parseName(value, this.origin);
        return;
      case '$TTL': {
        const ttl = readTtl(value);
        if (ttl === null) throw new DnsDataError([problem('zonefile.bad-ttl', { value })]);
        this.#ttl = ttl;
        return;
      }
      case '$INCLUDE':
        throw new DnsDataError([problem('zonefile.include', { value })]);
      default:
        throw new DnsDataError([problem('zonefile.directive', { value: word })]);
    }
  }

  #record(entry: LogicalLine): void {
    const own = entry.inherits ? null : firstWord(entry.text);
    if (own !== null) this.#owner = parseName(own.word, this.origin);
    if (this.#owner === null) throw new DnsDataError([problem('zonefile.no-owner', {})]);
    const { ttl, rest } = ttlAndClass(own === null ? entry.text : own.rest);
    const { word: type, rest: rdata } = firstWord(rest);
    this.#lastTtl = ttl ?? this.#ttl ?? this.#lastTtl;
    const record = makeRecord({ name: this.#owner, type, rdata, ttl: this.#lastTtl }, this.origin);
    this.#add(record.type === 'SOA' && record.ttl === null ? this.#withMinimum(record) : record);
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

function soaMinimum({ type, rdata }: ResourceRecord): number {
  return Number(rdataFields(type, rdata).at(-1));
}

/**
 * Takes TTL and class, in either order, from the front of a text.
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
    else if (!/^(?:IN|CLASS1)$/i.test(word))
      throw new DnsDataError([problem('zonefile.class', { value: word })]);
    else classes += 1;
    rest = after;
  }
}

/** Largest TTL in seconds (RFC 2181 section 8). */
const mostTtl = 2_147_483_647;

/** Parses a TTL such as `3600`, `1h`, `1h30m` or `2W`. @returns seconds; null: the text is no TTL */
function readTtl(text: string): number | null {
  const total = readSeconds(text);
  return total !== null && total <= mostTtl ? total : null;
}

/**
 * Writes a master file that {@link parseZoneFile} and BIND read back as the same records. The SOA comes
 * first, then owner names in canonical order. Long texts are split into strings of 255 octets. For records
 * without a TTL, `$TTL` is the SOA's minimum.
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
 * @returns a number below, equal to or above 0, as for `sort`
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

/** Splits a text after its first word, in which escapes stay as they are, and the white space behind it. */
function firstWord(text: string): { word: string; rest: string } {
  const [word = ''] = /^(?:\\.?|[^\\" \t\r\n])*/su.exec(text) ?? [];
  return { word, rest: text.slice(word.length).replace(/^[ \t\r\n]+/u, '') };
}
