import type { Altered, CentralRecord } from '../core/central.ts';
import type { DnsName } from '../dns/name.ts';
import { otherTtl, recordId, type ResourceRecord } from '../dns/record.ts';
import type { Change } from '../dns/zone.ts';

/**
 * Seconds; for a new RRset whose TTL nobody named: what BIND, Knot and PowerDNS examples and defaults have.
 */
export const usualTtl = 3_600;

/**
 * One RRset that a change touches: as the central has it, and as it is to be. A RRset has one TTL (RFC 2181
 * section 5.2).
 */
export interface RRsetEdit {
  readonly name: DnsName;
  readonly type: string;
  /** Empty: no such RRset yet. */
  readonly before: readonly CentralRecord[];
  /** Empty: the RRset goes. Every record has `ttl`. */
  readonly after: readonly ResourceRecord[];
  /** Seconds. */
  readonly ttl: number;
}

/**
 * What is left to do of a change at a central that writes whole RRsets, given what it has there now. Records
 * that the change does not name stay as they are. An edit that removes a record of the same RRset sets the
 * RRset's TTL. One that only adds beside others takes theirs, because theirs are not its to change.
 * @param present all records at the names of the change
 * @returns only RRsets that have to be written
 */
export function planRRsets(change: Change, present: readonly CentralRecord[]): readonly RRsetEdit[] {
  return touchedSets(change).flatMap(({ name, type }) => {
    const inSet = (record: ResourceRecord): boolean => record.name === name && record.type === type;
    const edit = planSet({ name, type }, present.filter(inSet), {
      remove: change.remove.filter(inSet),
      add: change.add.filter(inSet),
    });
    return edit === null ? [] : [edit];
  });
}

/** What writing these RRsets alters; a record that gets another TTL is removed and added. */
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

interface SetKey {
  readonly name: DnsName;
  readonly type: string;
}

function touchedSets({ remove, add }: Change): readonly SetKey[] {
  const sets = new Map<string, SetKey>();
  for (const { name, type } of [...remove, ...add]) sets.set(`${name} ${type}`, { name, type });
  return [...sets.values()];
}

function planSet(
  { name, type }: SetKey,
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
