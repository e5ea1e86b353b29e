import type { DnsName } from '../../../dns/name.ts';
import { recordId, type ResourceRecord } from '../../../dns/record.ts';
import type { Change } from '../../../dns/zone.ts';
import type { OperationItem, RecordsOperation } from '../../operation.ts';
import { isHeard, retimed } from './operations.ts';
import type { PanelView } from './panel-view.ts';
import { changeTowards, goalOf, type Known, type Sides } from './rule.ts';

interface Truth {
  readonly view: Pick<PanelView, 'ttls'>;
  /** TTLs (seconds; null: none) of the records at the central, by record id. */
  readonly centralTtls: ReadonlyMap<string, number | null>;
  /** Ids of records that late writes of ended operations on watch may have added. */
  readonly lateIds: ReadonlySet<string>;
}

interface Towards {
  readonly change: Change;
  /**
   * Other open operations that want to keep a record which would be removed without them. Each is returned
   * with this record in `added`, because it decides about the record from now on.
   */
  readonly inherited: readonly RecordsOperation[];
}

/**
 * Computes the change at the central that makes the records of these operations as the panel has them.
 * @param others the zone's other open edits
 */
export function towardsPanel(
  zone: DnsName,
  operations: readonly RecordsOperation[],
  { view, centralTtls, lateIds }: Truth,
  others: readonly RecordsOperation[],
): Towards {
  const sides = { panel: view.ttls, central: centralTtls };
  const known = operations.flatMap((operation) => knownOf(operation, lateIds, others));
  return { change: changeTowards(zone, known, sides), inherited: heirsOf(known, sides, others) };
}

function knownOf(
  { items, added }: RecordsOperation,
  lateIds: ReadonlySet<string>,
  others: readonly RecordsOperation[],
): Known[] {
  const written = new Set(added.map(recordId));
  return items.flatMap((item) => {
    if (!item.mirrored) return [];
    const ttl = retimed(item);
    return [item.remove, item.add].flatMap((record): Known[] => {
      if (record === null) return [];
      const id = recordId(record);
      const isOurs = written.has(id) || lateIds.has(id) || record === item.remove;
      const isTtlOurs = ttl !== null && written.has(id);
      return [{ record, isOurs, isTtlOurs, isLeftAlone: false, claimed: claimOn(others, id) }];
    });
  });
}

/**
 * The wish of other open edits for a record: `present` or `absent`; `open` if they disagree; null if no edit
 * concerns it.
 */
function claimOn(others: readonly RecordsOperation[], id: string): Known['claimed'] {
  const isWanted = claimant(others, id, 'add') !== null;
  if (claimant(others, id, 'remove') === null) return isWanted ? 'present' : null;
  return isWanted ? 'open' : 'absent';
}

/**
 * Finds open edits that want to keep a record which would be removed without them. Returns each with this
 * record in `added`, because it decides about the record from now on.
 */
export function heirsOf(
  known: readonly Known[],
  sides: Sides,
  others: readonly RecordsOperation[],
): RecordsOperation[] {
  const heirs = new Map<string, RecordsOperation>();
  for (const one of known) {
    const isWanted = one.claimed === 'present' || one.claimed === 'open';
    if (!isWanted || goalOf({ ...one, claimed: null }, sides) !== 'remove') continue;
    const heir = claimant(others, recordId(one.record), 'add');
    if (heir === null) continue;
    const latest = heirs.get(heir.id) ?? heir;
    heirs.set(heir.id, { ...latest, added: [...latest.added, one.record] });
  }
  return [...heirs.values()];
}

/**
 * The first of the edits that adds (or removes) the record; null: none does. Stuck edits do not count, nor do
 * edits that only the panel decided about ({@link isHeard}).
 */
export function claimant(
  others: readonly RecordsOperation[],
  id: string,
  part: 'add' | 'remove',
): RecordsOperation | null {
  const wants = (item: OperationItem): boolean => {
    const record: ResourceRecord | null = item[part];
    return item.mirrored && record !== null && recordId(record) === id;
  };
  return (
    others.find((other) => other.state !== 'stuck' && !isHeard(other) && other.items.some(wants)) ?? null
  );
}
