import type { DnsName } from '../../dns/name.ts';
import { otherTtl, recordId, type ResourceRecord } from '../../dns/record.ts';
import type { Change } from '../../dns/zone.ts';
import type { Operation, OperationItem } from '../operation.ts';
import { retimed, type Retimed } from './operations.ts';
import type { PanelView } from './panel-view.ts';

interface Truth {
  readonly view: PanelView;
  readonly centralIds: ReadonlySet<string>;
  /** TTLs at the central, by id. */
  readonly centralTtls: ReadonlyMap<string, number | null>;
  /** What ended operations on watch may have written late. */
  readonly lateIds: ReadonlySet<string>;
}

interface Towards {
  readonly change: Change;
  /** Other operations that now answer for a record we would otherwise have taken back. */
  readonly inherited: readonly Operation[];
}

/** What has to be written so that the operations' records stand at the central as they stand in the panel. */
export function towardsPanel(
  zone: DnsName,
  operations: readonly Operation[],
  truth: Truth,
  others: readonly Operation[],
): Towards {
  const { view, centralIds, lateIds } = truth;
  const remove = new Map<string, ResourceRecord>();
  const add = new Map<string, ResourceRecord>();
  const heirs = new Map<string, Operation>();
  for (const operation of operations) {
    const added = new Set(operation.added.map(recordId));
    for (const item of operation.items) {
      if (!item.mirrored) continue;
      for (const record of [item.remove, item.add]) {
        if (record === null) continue;
        const id = recordId(record);
        const wanted = view.ids.has(id);
        if (wanted === centralIds.has(id)) continue;
        if (wanted) {
          if (claimant(others, id, 'remove') === null) add.set(id, shown(record, view));
          continue;
        }
        if (!added.has(id) && !lateIds.has(id) && record !== item.remove) continue;
        const heir = claimant(others, id, 'add');
        if (heir === null) remove.set(id, record);
        else heirs.set(heir.id, { ...(heirs.get(heir.id) ?? heir), added: [...heir.added, record] });
      }
    }
  }
  for (const ttl of ttlChanges(operations, truth, others)) {
    remove.set(recordId(ttl.remove), ttl.remove);
    add.set(recordId(ttl.add), ttl.add);
  }
  return {
    change: { zone, remove: [...remove.values()], add: [...add.values()] },
    inherited: [...heirs.values()],
  };
}

/** The record with the TTL that the panel shows for it. */
function shown(record: ResourceRecord, { ttls }: PanelView): ResourceRecord {
  return { ...record, ttl: ttls.get(recordId(record)) ?? record.ttl };
}

/** Of edits of the TTL alone: what they wrote and the panel does not show, while both sides have the record. */
function ttlChanges(
  operations: readonly Operation[],
  { view, centralTtls }: Truth,
  others: readonly Operation[],
): Retimed[] {
  return operations.flatMap((operation) => {
    const added = new Set(operation.added.map(recordId));
    return operation.items.flatMap((item): Retimed[] => {
      const change = item.mirrored ? retimed(item) : null;
      if (change === null) return [];
      const id = recordId(change.add);
      const ours = added.has(id) && claimant(others, id, 'add') === null;
      const wanted = { ...change.add, ttl: view.ttls.get(id) ?? null };
      const there = { ...change.add, ttl: centralTtls.get(id) ?? null };
      return ours && otherTtl(wanted, there) ? [{ remove: there, add: wanted }] : [];
    });
  });
}

/** An open operation of somebody else that wants the record added (or removed). */
export function claimant(others: readonly Operation[], id: string, part: 'add' | 'remove'): Operation | null {
  const wants = (item: OperationItem): boolean => {
    const record = item[part];
    return item.mirrored && record !== null && recordId(record) === id;
  };
  return others.find(({ state, items }) => state !== 'stuck' && items.some(wants)) ?? null;
}
