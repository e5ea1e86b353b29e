import { displayName, parseName, type DnsName, type Origin } from './name.ts';
import { collect, DnsDataError, type Problem } from './problem.ts';
import { canonicalType, parseRdata } from './rdata/rdata.ts';

/**
 * One resource record. Every part is canonical: equal data give equal text, whatever their original spelling.
 */
export interface ResourceRecord {
  readonly name: DnsName;
  /** Mnemonic in upper case, or `TYPEnnn` for a type without a row in the table of types. */
  readonly type: string;
  /** TTL in seconds; `null`: unknown, because the record was read or entered without one. */
  readonly ttl: number | null;
  /** Data in canonical master-file text. Names are absolute, and a TXT is one quoted string. */
  readonly rdata: string;
}

/** A record in any spelling, as text. */
export interface RecordText {
  readonly name: string;
  readonly type: string;
  readonly rdata: string;
  readonly ttl?: number | null;
}

/**
 * Makes a record from text in any spelling.
 * @param origin is appended to relative names: to the owner name and to names in the rdata
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

/** The identity of a record as text: owner name, type and data. The TTL is not part of it. */
export function recordId(record: ResourceRecord): string {
  return `${record.name} ${record.type} ${record.rdata}`;
}

export function sameData(a: ResourceRecord, b: ResourceRecord): boolean {
  return a.name === b.name && a.type === b.type && a.rdata === b.rdata;
}

/** Whether both records have a TTL and the two differ. */
export function otherTtl(a: Pick<ResourceRecord, 'ttl'>, b: Pick<ResourceRecord, 'ttl'>): boolean {
  return a.ttl !== null && b.ttl !== null && a.ttl !== b.ttl;
}

/** The record as one line for users: owner name in Unicode, type, data. */
export function formatRecord(record: ResourceRecord): string {
  return `${displayName(record.name)} ${record.type} ${record.rdata}`;
}
