import { wireRdata } from '../../dns/rdata/rdata.ts';
import { recordId, type ResourceRecord } from '../../dns/record.ts';
import { rrsetId } from '../../dns/zone.ts';
import { ApiRefusal } from '../api-refusal.ts';
import type { LimitReached, Limits, StoredChange } from '../storage/storage.ts';

/** What clients hear of a limit. */
const limitTexts: Readonly<Record<keyof Limits, string>> = {
  zones: 'number of zones',
  tokens: 'number of tokens',
  records: 'number of records in the zone',
  recordsInRrset: 'number of records of one name and type',
  octetsInRrset: 'size of the records of one name and type',
  writesInMinute: 'writes in one minute',
  writesInDay: 'writes in one day',
};

/** The refusal of a request that would exceed a limit of the customer. */
export function overLimit(limit: keyof Limits): ApiRefusal {
  const params = { text: limitTexts[limit] };
  if (limit === 'writesInMinute' || limit === 'writesInDay')
    return new ApiRefusal(429, 'central.busy', { params, retry: 'later' });
  return new ApiRefusal(422, 'central.limit', { params });
}

/** @throws {ApiRefusal} if a limit was reached */
export function demandWithin(reached: LimitReached | null): void {
  if (reached !== null) throw overLimit(reached.limit);
}

/**
 * Refuses a change that makes an RRset larger than the customer's limits allow. An RRset that does not grow
 * is not refused, so that a lower limit never keeps anybody from removing records.
 * @throws {ApiRefusal}
 */
export function demandRrsetLimits(
  { recordsInRrset, octetsInRrset }: Limits,
  { before, remove, add }: Pick<StoredChange, 'before' | 'remove' | 'add'>,
): void {
  const present = new Map(before.map((record) => [recordId(record), record]));
  const after = new Map(present);
  for (const record of remove) after.delete(recordId(record));
  for (const record of add) after.set(recordId(record), record);
  const sets = Map.groupBy(present.values(), rrsetId);
  for (const [id, records] of Map.groupBy(after.values(), rrsetId)) {
    const now = sets.get(id) ?? [];
    if (records.length > now.length && records.length > recordsInRrset) throw overLimit('recordsInRrset');
    const octets = octetsOf(records);
    if (octets > octetsInRrset && octets > octetsOf(now)) throw overLimit('octetsInRrset');
  }
}

/** Refuses the content of a new zone that exceeds the customer's limits. @throws {ApiRefusal} */
export function demandContentLimits(limits: Limits, content: readonly ResourceRecord[]): void {
  if (new Set(content.map(recordId)).size > limits.records) throw overLimit('records');
  demandRrsetLimits(limits, { before: [], remove: [], add: content });
}

/** Octets of the data of records, in wire form. */
function octetsOf(records: readonly ResourceRecord[]): number {
  return records.reduce((sum, { type, rdata }) => sum + wireRdata(type, rdata).length, 0);
}
