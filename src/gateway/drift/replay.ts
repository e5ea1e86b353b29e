import { recordId, type ResourceRecord } from '../../dns/record.ts';
import { rrsetId, type RRsetKey } from '../../dns/zone.ts';
import type { StoredChange, UncheckedChange } from '../storage/storage.ts';
import { unknownRRset, type ZoneSnapshot } from '../storage/zone-drift.ts';
import { inForm, isWatched, rrsetText, type RRsetTexts } from './snapshot.ts';

/** An RRset that is not as the gateway has left it. */
export interface Difference {
  /** As `rrsetId` makes it. */
  readonly id: string;
  /** What the gateway left, as the snapshot has it; undefined: there was no such RRset. */
  readonly before: string | undefined;
  readonly form: ZoneSnapshot['form'];
  /** Text of the RRset; undefined: there is none. */
  readonly after: string | undefined;
}

/** What a zone must have after changes of the gateway. */
export interface Replayed {
  readonly snapshot: ZoneSnapshot;
  /** RRsets that somebody else had changed before a change of the gateway changed them too. */
  readonly differences: readonly Difference[];
}

/**
 * Works out what a zone must have after changes of the gateway. With each change is stored what its RRsets
 * had before it. So what somebody else had changed there shows too.
 */
export function replay({ form, rrsets: known }: ZoneSnapshot, changes: readonly UncheckedChange[]): Replayed {
  const rrsets = new Map(known);
  const differences: Difference[] = [];
  for (const one of changes.toSorted(byPosition)) {
    const { change, position } = one;
    const before = Map.groupBy(change.before, rrsetId);
    for (const [id, key] of touchedBy(change)) {
      if (!isWatched(change.zone, key)) continue;
      const then = before.get(id) ?? [];
      const expected = rrsets.get(id);
      const text = rrsetText(then);
      if (position > 0 && expected !== unknownRRset && expected !== inForm(form, text))
        differences.push({ id, before: expected, form, after: text });
      const left = isUnsure(one) ? unknownRRset : inForm(form, rrsetText(leftBy(change, id, then)));
      if (left === undefined) rrsets.delete(id);
      else rrsets.set(id, left);
    }
  }
  return { snapshot: { form, rrsets }, differences };
}

/** Finds the RRsets of a zone that differ from a snapshot. */
export function compare({ form, rrsets }: ZoneSnapshot, present: RRsetTexts): readonly Difference[] {
  const differences: Difference[] = [];
  for (const id of new Set([...rrsets.keys(), ...present.keys()])) {
    const [before, after] = [rrsets.get(id), present.get(id)];
    if (before !== unknownRRset && before !== inForm(form, after))
      differences.push({ id, before, form, after });
  }
  return differences;
}

/** Whether nobody knows what a change has written, or when. */
export function isUnsure({ change: { outcome }, position }: UncheckedChange): boolean {
  if (outcome === null || position === 0) return true;
  return outcome.kind === 'interrupted' || (outcome.kind === 'failed' && outcome.state !== 'untouched');
}

/** Orders changes by their place; those whose place is not known come last. */
function byPosition(a: UncheckedChange, b: UncheckedChange): number {
  const place = ({ position }: UncheckedChange): number =>
    position === 0 ? Number.MAX_SAFE_INTEGER : position;
  return place(a) - place(b);
}

/** The RRsets of a change, by `rrsetId`. */
function touchedBy({ remove, add }: StoredChange): ReadonlyMap<string, RRsetKey> {
  return new Map([...remove, ...add].map((record) => [rrsetId(record), record]));
}

/**
 * The records of an RRset after a change whose outcome is known. All records of an RRset have one TTL, that
 * of the added ones (`planRRsets`).
 */
function leftBy(
  { outcome }: StoredChange,
  id: string,
  before: readonly ResourceRecord[],
): readonly ResourceRecord[] {
  if (outcome?.kind !== 'done') return before;
  const [removed, added] = [outcome.removed, outcome.added].map((records) =>
    records.filter((record) => rrsetId(record) === id),
  ) as [ResourceRecord[], ResourceRecord[]];
  const records = new Map(before.map((record) => [recordId(record), record]));
  for (const record of removed) records.delete(recordId(record));
  for (const record of added) records.set(recordId(record), record);
  const ttl = added.at(-1)?.ttl ?? null;
  return [...records.values()].map((record) => (ttl === null ? record : { ...record, ttl }));
}
