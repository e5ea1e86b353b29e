import { displayName, parseName, type DnsName, type Origin } from './name.ts';
import { collect, DnsDataError, type Problem } from './problem.ts';
import { canonicalType, parseRdata } from './rdata/rdata.ts';

/** One resource record, canonical in every part, so that two spellings of the same data are equal text. */
export interface ResourceRecord {
  readonly name: DnsName;
  /** Upper case mnemonic, or `TYPEnnn` for a type without one here. */
  readonly type: string;
  /** Seconds; `null` = not known, the zone's default. */
  readonly ttl: number | null;
  /** Canonical master-file text: names absolute, TXT one quoted string. */
  readonly rdata: string;
}

/** A record in any spelling. */
export interface RecordText {
  readonly name: string;
  readonly type: string;
  readonly rdata: string;
  readonly ttl?: number | null;
}

/**
 * Makes a record from text in any spelling.
 * @param origin completes relative names, the owner's and those in the rdata
 * @throws {DnsDataError} with every problem of name, type and rdata
 */
export function makeRecord(text: RecordText, origin?: Origin): ResourceRecord {
  const problems: Problem[] = [];
  const name = collect(problems, () => parseName(text.name, origin));
  const type = collect(problems, () => canonicalType(text.type));
  const rdata = type === null ? null : collect(problems, () => parseRdata(type, text.rdata, origin));
  if (name === null || type === null || rdata === null) throw new DnsDataError(problems);
  return { name, type, ttl: text.ttl ?? null, rdata };
}

/** What makes two records the same one: owner name, type and data. The TTL does not count. */
export function recordId(record: ResourceRecord): string {
  return `${record.name} ${record.type} ${record.rdata}`;
}

export function sameData(a: ResourceRecord, b: ResourceRecord): boolean {
  return a.name === b.name && a.type === b.type && a.rdata === b.rdata;
}

/** Whether the TTLs are known and not the same. */
export function otherTtl(a: Pick<ResourceRecord, 'ttl'>, b: Pick<ResourceRecord, 'ttl'>): boolean {
  return a.ttl !== null && b.ttl !== null && a.ttl !== b.ttl;
}

/** One line for people: Unicode owner name, type, data. */
export function formatRecord(record: ResourceRecord): string {
  return `${displayName(record.name)} ${record.type} ${record.rdata}`;
}
