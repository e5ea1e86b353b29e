import { compareNames, parseName, relativeName, type DnsName } from './name.ts';
import { DnsDataError, problem, type Problem } from './problem.ts';
import { txtChunks } from './rdata/rdata.ts';
import { canonicalType } from './rdata/rdata.ts';
import { makeRecord, recordId, type ResourceRecord } from './record.ts';

export interface ZoneFileOptions {
  /** Completes relative names until the first `$ORIGIN`. */
  readonly origin?: DnsName;
  /** Seconds; for records before the first `$TTL` that have none. Default: unknown. */
  readonly defaultTtl?: number;
  /** Name of the file, for messages. */
  readonly file?: string;
}

export interface ZoneFile {
  /** The origin at the end of the file, `null` when none was ever known. */
  readonly origin: DnsName | null;
  /** In the order of the file, the first of equal ones. */
  readonly records: readonly ResourceRecord[];
}

/**
 * Reads a master file (RFC 1035 section 5): `$ORIGIN`, `$TTL` (RFC 2308 section 4), parentheses, quotes, comments, `\DDD`, TTLs with
 * units (`1h30m`), a missing owner, class and TTL in either order.
 * @throws {DnsDataError} with every mistake of the file; each problem has `file` and `line`. `$INCLUDE` and `$GENERATE` are refused.
 */
export function parseZoneFile(text: string, options: ZoneFileOptions = {}): ZoneFile {
  const reader = new Reader(options);
  for (const entry of logicalLines(text, reader.problems)) reader.take(entry);
  if (reader.problems.length > 0) throw new DnsDataError(reader.located());
  return { origin: reader.origin ?? null, records: [...reader.records.values()] };
}

interface LogicalLine {
  /** 1-based, of its first line. */
  readonly line: number;
  /** Without comments, parentheses and line ends. */
  readonly text: string;
  /** Whether it begins with white space: the owner is the one before. */
  readonly inherits: boolean;
}

interface Located {
  readonly line: number;
  readonly problem: Problem;
}

/** Joins what parentheses hold together and drops comments; quotes and escapes are respected. */
function logicalLines(text: string, problems: Located[]): LogicalLine[] {
  const found: LogicalLine[] = [];
  let current = '';
  let first = 1;
  let depth = 0;
  for (const [at, raw] of text
    .replace(/^\ufeff/, '')
    .split(/\r\n|\n|\r/)
    .entries()) {
    if (depth === 0) {
      current = '';
      first = at + 1;
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
      found.push({ line: first, text: current.trim(), inherits: /^\s/.test(current) });
    }
  }
  if (depth > 0) problems.push({ line: first, problem: problem('zonefile.parenthesis', {}) });
  return found;
}

/** One line without its comment and parentheses. */
function readLine(raw: string): { text: string; depth: number; openQuote: boolean } {
  let text = '';
  let depth = 0;
  let quoted = false;
  for (const [piece] of raw.matchAll(/\\.?|[^\\]/gsu)) {
    if (piece === '"') quoted = !quoted;
    if (!quoted && piece === ';') break;
    if (!quoted && (piece === '(' || piece === ')')) {
      depth += piece === '(' ? 1 : -1;
      text += ' ';
    } else text += piece;
  }
  return { text, depth, openQuote: quoted };
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
    const [word = '', value = ''] = entry.text.split(/\s+/);
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
    const words = entry.text.split(/\s+/);
    const own = entry.inherits ? null : (words.shift() ?? '');
    if (own !== null) this.#owner = parseName(own, this.origin);
    if (this.#owner === null) throw new DnsDataError([problem('zonefile.no-owner', {})]);
    const { ttl, rest } = ttlAndClass(own === null ? entry.text : entry.text.slice(own.length).trimStart());
    const type = /^\S+/.exec(rest)?.[0] ?? '';
    this.#lastTtl = ttl ?? this.#ttl ?? this.#lastTtl;
    const rdata = rest.slice(type.length).trim();
    const text = { name: this.#owner, type: canonicalType(type), rdata, ttl: this.#lastTtl };
    const record = makeRecord({ ...text, rdata: withUnits(text.type, rdata) }, this.origin);
    if (!this.records.has(recordId(record))) this.records.set(recordId(record), record);
  }
}

/** Takes TTL and class off the front, in either order; only class IN is ours. */
function ttlAndClass(text: string): { ttl: number | null; rest: string } {
  let rest = text;
  let ttl: number | null = null;
  for (;;) {
    const word = /^\S+/.exec(rest)?.[0] ?? '';
    const seconds = readTtl(word);
    if (ttl === null && seconds !== null) ttl = seconds;
    else if (!/^(IN|CH|HS|CS)$/i.test(word)) return { ttl, rest };
    else if (word.toUpperCase() !== 'IN')
      throw new DnsDataError([problem('zonefile.class', { value: word })]);
    rest = rest.slice(word.length).trimStart();
  }
}

/** SOA timers may be written with units, like TTLs. */
function withUnits(type: string, rdata: string): string {
  if (type !== 'SOA') return rdata;
  return rdata
    .split(/\s+/)
    .map((word, at) => (at >= 3 ? String(readTtl(word) ?? word) : word))
    .join(' ');
}

const unitSeconds: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400, w: 604_800 };

/** Largest TTL in seconds (RFC 2181 section 8). */
const mostTtl = 2_147_483_647;

/** `3600`, `1h`, `1h30m`, `2W`; `null` for anything else. */
function readTtl(text: string): number | null {
  if (!/^(\d{1,10}[smhdw]?)+$/i.test(text)) return null;
  let total = 0;
  for (const [, digits = '', unit = ''] of text.matchAll(/(\d+)([smhdw]?)/gi)) {
    total += Number(digits) * (unitSeconds[unit.toLowerCase()] ?? 1);
  }
  return total <= mostTtl ? total : null;
}

/**
 * Writes a master file that {@link parseZoneFile} reads back as the same records: SOA first, then by owner name in canonical order;
 * long texts are cut into strings of 255 octets.
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
  return [`$ORIGIN ${zone}`, ...lines, ''].join('\n');
}

function outputRdata({ type, rdata }: ResourceRecord): string {
  return type === 'TXT' || type === 'SPF' ? txtChunks(rdata).join(' ') : rdata;
}
