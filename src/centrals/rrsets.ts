import type { Altered, CentralRecord } from '../core/central.ts';
import { otherTtl, recordId, type ResourceRecord } from '../dns/record.ts';
import { rrsetId, type Change, type RRsetKey } from '../dns/zone.ts';

/**
 * TTL in seconds of a new RRset if the change names no TTL. Examples and defaults of BIND, Knot and PowerDNS
 * use the same value.
 */
export const usualTtl = 3_600;

/**
 * One RRset that a change touches: what the central has now, and what it should have. An RRset has one TTL
 * (RFC 2181 section 5.2).
 */
export interface RRsetEdit extends RRsetKey {
  /** The records that the central holds before the change; empty if there is no such RRset. */
  readonly before: readonly CentralRecord[];
  /** The records after the change, each with `ttl`; empty if the RRset is to be deleted. */
  readonly after: readonly ResourceRecord[];
  /** TTL of the RRset after the change, in seconds. */
  readonly ttl: number;
}

/**
 * Finds the RRsets that have to be written to carry out a change, for a central that writes whole RRsets.
 * Parts of the change that the central has already are left out. Records that the change does not name stay
 * as they are. A change that removes a record of an RRset also sets the RRset's TTL. A change that only adds
 * records takes over the TTL of the existing ones.
 * @param present all records that the central has at the names of the change
 * @returns the RRsets to write; empty if nothing is left to do
 */
export function planRRsets(change: Change, present: readonly CentralRecord[]): readonly RRsetEdit[] {
  const held = Map.groupBy(present, rrsetId);
  const removed = Map.groupBy(change.remove, rrsetId);
  const added = Map.groupBy(change.add, rrsetId);
  const touched = new Map([...change.remove, ...change.add].map((record) => [rrsetId(record), record]));
  return [...touched].flatMap(([id, key]) => {
    const edit = planSet(key, held.get(id) ?? [], {
      remove: removed.get(id) ?? [],
      add: added.get(id) ?? [],
    });
    return edit === null ? [] : [edit];
  });
}

/**
 * Returns the records that a write of these RRsets removes and adds. If only the TTL of a record in the
 * change differs, the record counts as removed and as added.
 */
export function alteredBy(change: Change, edits: readonly RRsetEdit[]): Altered {
  const removed: ResourceRecord[] = [];
  const added: ResourceRecord[] = [];
  const named = new Set([...change.remove, ...change.add].map(recordId));
  for (const { before, after } of edits) {
    const then = new Map(before.map((record) => [recordId(record), record]));
    const now = new Map(after.map((record) => [recordId(record), record]));
    for (const [id, { handle: _, ...record }] of then) {
      const next = now.get(id);
      if (next === undefined || (named.has(id) && otherTtl(next, record))) removed.push(record);
    }
    for (const [id, record] of now) {
      const old = then.get(id);
      if (old === undefined || (named.has(id) && otherTtl(old, record))) added.push(record);
    }
  }
  return { removed, added };
}

function planSet(
  { name, type }: RRsetKey,
  before: readonly CentralRecord[],
  { remove, add }: Pick<Change, 'remove' | 'add'>,
): RRsetEdit | null {
  const held = new Set(before.map(recordId));
  const goal = new Map(add.map((record) => [recordId(record), record]));
  const leaving = new Set(remove.map(recordId).filter((id) => held.has(id) && !goal.has(id)));
  const staying = before.filter((record) => !leaving.has(recordId(record)));
  const coming = [...goal.values()].filter((record) => !held.has(recordId(record)));
  const retimed = remove.some((record) => goal.has(recordId(record)));
  const wanted = add.findLast(({ ttl }) => ttl !== null)?.ttl ?? null;
  const present = before[0]?.ttl ?? null;
  const replaced = leaving.size > 0 || retimed || before.length === 0;
  const ttl = (replaced ? wanted : null) ?? present ?? usualTtl;
  if (leaving.size === 0 && coming.length === 0 && !(retimed && ttl !== present)) return null;
  const after = [...staying, ...coming].map(({ rdata }) => ({ name, type, ttl, rdata }));
  return { name, type, before, after, ttl };
}
