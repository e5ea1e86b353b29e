import type { DnsName } from '../../../dns/name.ts';
import { formatRecord, recordId, type ResourceRecord } from '../../../dns/record.ts';
import { isCentralsOwn } from '../../../core/engine/knowledge/compare-rule.ts';
import { retimed } from '../../../core/engine/knowledge/operations.ts';
import type { Batch } from '../../../core/journal.ts';
import {
  isFinal,
  type Operation,
  type OperationItem,
  type RecordsOperation,
} from '../../../core/operation.ts';
import { outcomeOf } from '../../../core/outcome.ts';
import { pullSource } from '../../../core/zone-plan.ts';
import type { JournalWitness } from '../journal-witness.ts';
import type { Provenance } from '../provenance.ts';
import type { Judgement } from './judgement.ts';

/** Longest time (ms) from a state of a side to the start of an operation that relies on it. */
const readWithin = 120_000;

/** Both sides, and the journal of the engine between them. */
interface Seen {
  readonly panel: Provenance;
  readonly central: Provenance;
  readonly witness: JournalWitness;
}

/**
 * Checks the operations that a commit ends. If `domainsync history` would say that an edit is on both sides,
 * both sides must have had it at some time since its begin. Another writer may have changed it again.
 */
export function checkOutcomes({ operations = [] }: Batch, seen: Seen, judgement: Judgement): void {
  for (const operation of operations) {
    const known = seen.witness.operations.get(operation.id);
    const before = known?.states.at(-2)?.state;
    if (known === undefined || (before !== undefined && isFinal(before))) continue;
    if (outcomeOf(operation).kind !== 'both-sides') continue;
    const since = known.since - readWithin;
    for (const [name, side] of [
      ['panel', seen.panel],
      ['central', seen.central],
    ] as const) {
      const lacking = lackingOf(operation, side, since);
      if (lacking !== null)
        judgement.violate('history.both-sides', `${operation.id} is done on both, the ${name}: ${lacking}`);
    }
  }
}

/**
 * Lists in a few words the parts of an operation that the side has never had since that time; null: it has
 * had all.
 */
function lackingOf(operation: Operation, side: Provenance, since: number): string | null {
  const { zone } = operation;
  if (operation.kind !== 'records') {
    const isWanted = operation.kind === 'zone-create';
    return wasSo(side, { zone, id: '', isPresent: isWanted, since })
      ? null
      : `${isWanted ? 'never had' : 'never lost'} ${zone}`;
  }
  for (const item of itemsTowards(operation)) {
    const { remove, add } = item;
    if (add !== null && !isCentralsOwn(zone, add) && !had(side, zone, add, since, retimed(item) !== null))
      return `never had ${formatRecord(add)}`;
    if (remove === null || isCentralsOwn(zone, remove)) continue;
    const [id, made] = [recordId(remove), add === null ? null : recordId(add)];
    if (id !== made && !wasSo(side, { zone, id, isPresent: false, since }))
      return `never lost ${formatRecord(remove)}`;
  }
  return null;
}

/**
 * Returns the items in the direction of the operation. A pull undoes an edit in the panel, so each of its
 * items is turned around.
 */
function itemsTowards({ source, items }: RecordsOperation): readonly OperationItem[] {
  if (source !== pullSource) return items;
  return items.map((item) => ({ ...item, remove: item.add, add: item.remove }));
}

/**
 * Whether the side had the record at some time since `since`. @param exact whether its TTL must be the same
 */
function had(
  side: Provenance,
  zone: DnsName,
  record: ResourceRecord,
  since: number,
  exact: boolean,
): boolean {
  const id = recordId(record);
  if (!exact) return wasSo(side, { zone, id, isPresent: true, since });
  const shown = side.effects.filter(
    (effect) => effect.at >= since && effect.zone === zone && effect.id === id,
  );
  const held = [...side.held(zone)].filter((one) => recordId(one.record) === id);
  return [...shown, ...held].some((one) => one.record?.ttl === record.ttl);
}

/** Whether a record, or the zone itself (empty id), was present (or absent) at some time since `since`. */
function wasSo(
  side: Provenance,
  { zone, id, isPresent, since }: { zone: DnsName; id: string; isPresent: boolean; since: number },
): boolean {
  const isNow = (id === '' ? side.originOfZone(zone) : side.originOf(zone, id)) !== null;
  return (
    isNow === isPresent || side.effects.some((one) => one.at >= since && one.zone === zone && one.id === id)
  );
}
