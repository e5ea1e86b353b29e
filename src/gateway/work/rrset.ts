import { createHash, randomUUID } from 'node:crypto';
import type { DnsName } from '../../dns/name.ts';
import type { ResourceRecord } from '../../dns/record.ts';
import { otherTtl, recordId } from '../../dns/record.ts';
import { rrsetId, type Change, type RRsetKey } from '../../dns/zone.ts';
import { denied } from '../api-refusal.ts';
import { explainRight, mayRead, type Rights } from '../rights/decide.ts';
import { demandMatch, isUnconditional, type Precondition } from './precondition.ts';

/** An RRset as a client wants it. */
export interface RRsetRequest extends RRsetKey {
  /** Identifies the request for the token; null: the client repeats it at his own risk. */
  readonly key: string | null;
  /** All its records; empty: the RRset is to be deleted. */
  readonly records: readonly ResourceRecord[];
  readonly precondition: Precondition;
}

/** The key under which a request is stored. A request without a key gets a random one, for the audit. */
export function keyOfRRset({ key }: RRsetRequest): string {
  return key ?? `rrset:${randomUUID()}`;
}

/** The hash by which the repetition of a request is recognised. */
export function rrsetFingerprint(zone: DnsName, { name, type, records, precondition }: RRsetRequest): string {
  return createHash('sha256')
    .update(JSON.stringify(['rrset', zone, name, type, records, precondition]))
    .digest('hex');
}

/** The records of one RRset. */
export function recordsOfSet<T extends ResourceRecord>(key: RRsetKey, records: readonly T[]): readonly T[] {
  return records.filter((record) => rrsetId(record) === rrsetId(key));
}

/**
 * The change that makes the RRset as it is wanted.
 * @param present the records at its name
 */
export function changeToRRset(
  zone: DnsName,
  request: RRsetRequest,
  present: readonly ResourceRecord[],
): Change {
  const wanted = new Map(request.records.map((record) => [recordId(record), record]));
  const there = new Map(recordsOfSet(request, present).map((record) => [recordId(record), record]));
  const isSame = (record: ResourceRecord): boolean => {
    const [before, after] = [there.get(recordId(record)), wanted.get(recordId(record))];
    return before !== undefined && after !== undefined && !otherTtl(before, after);
  };
  const remove = [...there.values()].filter((record) => !isSame(record));
  const add = [...wanted.values()].filter((record) => !isSame(record));
  return { zone, remove: remove.map(plain), add };
}

/**
 * Refuses a request that the token's rules do not allow, or whose precondition does not hold. The rules are
 * asked first, and a precondition needs `read`, so that nobody learns from it what he may not see.
 * @param present the records at the name of the RRset
 * @throws {ApiRefusal} 403, 412
 */
export function demandRRset(
  rights: Rights,
  zone: DnsName,
  request: RRsetRequest,
  present: readonly ResourceRecord[],
): void {
  const { name, type, records, precondition } = request;
  const there = recordsOfSet(request, present);
  const verb = records.length === 0 ? 'remove' : there.length === 0 ? 'add' : 'change';
  const isAllowed = explainRight(rights, zone, name, type, verb).allowed;
  const mayAsk = isUnconditional(precondition) || mayRead(rights, zone, request);
  if (!isAllowed || !mayAsk) throw denied({ text: `${name} ${type}` });
  demandMatch(precondition, there);
}

function plain({ name, type, ttl, rdata }: ResourceRecord): ResourceRecord {
  return { name, type, ttl, rdata };
}
