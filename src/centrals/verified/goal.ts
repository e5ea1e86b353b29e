import type { Altered } from '../../core/central.ts';
import { isWithin, type DnsName } from '../../dns/name.ts';
import { rrsetId, type RRsetKey } from '../../dns/zone.ts';
import { recordId, type ResourceRecord } from '../../dns/record.ts';
import { rcodeName, rcodes } from '../../dns/wire/codes.ts';
import type { DnsMessage } from '../../dns/wire/message.ts';
import {
  childZoneOver,
  readZoneAnswer,
  type DataRecord,
  type ZoneAnswer,
} from '../../dns/wire/zone-answer.ts';

/** The answer that a name server must give for one RRset once it serves a write. TTLs are not compared. */
export interface RRsetGoal extends RRsetKey {
  readonly zone: DnsName;
  /** Canonical rdata that the answer must have. */
  readonly present: ReadonlySet<string>;
  /** Canonical rdata that the answer must not contain. */
  readonly absent: ReadonlySet<string>;
  /**
   * Whether the name certainly has records after the write. Then no wildcard answers for it (RFC 4592 section
   * 3.3.1).
   */
  readonly exists: boolean;
}

/** A text that identifies one RRset of one zone. */
export function goalKey({ zone, name, type }: Pick<RRsetGoal, 'zone' | 'name' | 'type'>): string {
  return `${zone} ${name} ${type}`;
}

/**
 * The goals of a write, one for each RRset that it touched. A record that is both removed and added (with
 * another TTL) has to be present.
 * @param before records that are known to have been at the names before the write; some may be missing
 */
export function goalsOf(
  zone: DnsName,
  { removed, added }: Altered,
  before: readonly ResourceRecord[] = [],
): RRsetGoal[] {
  const made = new Set(added.map(recordId));
  const gone = removed.filter((record) => !made.has(recordId(record)));
  const goneIds = new Set(gone.map(recordId));
  const staying = [...added, ...before.filter((record) => !goneIds.has(recordId(record)))];
  const names = new Set(staying.map(({ name }) => name));
  const present = Map.groupBy(added, rrsetId);
  const absent = Map.groupBy(gone, rrsetId);
  const touched = new Map([...added, ...gone].map((record) => [rrsetId(record), record]));
  const rdataIn = (records: readonly ResourceRecord[] = []) => new Set(records.map(({ rdata }) => rdata));
  return [...touched].map(([id, { name, type }]) => ({
    zone,
    name,
    type,
    present: rdataIn(present.get(id)),
    absent: rdataIn(absent.get(id)),
    exists: names.has(name),
  }));
}

/** What one answer shows about an RRset in a zone. */
export type Sight =
  | {
      readonly kind: 'data';
      readonly rdata: ReadonlySet<string>;
      /**
       * Whether the answer has records at the name. Such records may come from another zone. An answer
       * without records names the zone that it comes from.
       */
      readonly positive: boolean;
    }
  /**
   * The name is at or below a delegation or a DNAME, which hides the zone's own data (RFC 1034 section
   * 4.3.2).
   */
  | { readonly kind: 'hidden' }
  | { readonly kind: 'unserved' }
  | { readonly kind: 'failed'; readonly rcode: string };

/**
 * Reads what an answer shows about one RRset. Only records of the queried name count: CNAMEs are not
 * followed. An answer from a cache (without AA) counts if it has data at the name, or the SOA of this zone.
 */
export function sightOf(
  answer: DnsMessage,
  { zone, name, type }: Pick<RRsetGoal, 'zone' | 'name' | 'type'>,
): Sight {
  const { rcode } = answer;
  if (rcode === rcodes.REFUSED || rcode === rcodes.NOTAUTH) return { kind: 'unserved' };
  if (rcode !== rcodes.NOERROR && rcode !== rcodes.NXDOMAIN)
    return { kind: 'failed', rcode: rcodeName(rcode) };
  const cached = !answer.flags.aa && speaksOf(answer, zone, name);
  const seen = readZoneAnswer(cached ? asAuthoritative(answer) : answer, zone, name);
  switch (seen.kind) {
    case 'no-zone':
      return isChildZone(answer, zone, name) ? { kind: 'hidden' } : { kind: 'unserved' };
    case 'hidden':
      // A referral shows all NS records of the delegation. A server that also has the child zone would answer
      // from the child zone instead.
      return seen.cut === name && type === 'NS' && !answer.flags.aa ? dataOf(seen, type) : { kind: 'hidden' };
    case 'records':
      return dataOf(seen, type);
  }
}

function dataOf(
  { records }: Exclude<ZoneAnswer<DataRecord>, { readonly kind: 'no-zone' }>,
  type: string,
): Sight {
  const rdata = new Set(records.filter((record) => record.type === type).map((record) => record.rdata));
  return { kind: 'data', rdata, positive: records.length > 0 };
}

/** Whether the answer has data at the name; an answer without data has to name this zone by its SOA. */
function speaksOf({ answers, authority }: DnsMessage, zone: DnsName, name: DnsName): boolean {
  if (answers.length > 0)
    return answers.some((record) => record.name === name || isWithin(name, record.name));
  return authority.some((record) => record.type === 'SOA' && record.name === zone);
}

/** Whether the answer comes from a child zone on the same server. Answers from a cache count too. */
export function isChildZone(answer: DnsMessage, zone: DnsName, name: DnsName): boolean {
  return childZoneOver(asAuthoritative(answer), zone, name) !== null;
}

function asAuthoritative(answer: DnsMessage): DnsMessage {
  return { ...answer, flags: { ...answer.flags, aa: true } };
}
