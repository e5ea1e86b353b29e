import type { DnsName } from '../../../dns/name.ts';
import { otherTtl, recordId, type ResourceRecord } from '../../../dns/record.ts';
import type { Change } from '../../../dns/zone.ts';
import { plain } from './compare-rule.ts';

/**
 * The records of both sides. For each `recordId`, the map has the TTL in seconds; null: that side shows no
 * TTL.
 */
export interface Sides {
  readonly panel: ReadonlyMap<string, number | null>;
  readonly central: ReadonlyMap<string, number | null>;
}

/** Makes the map of one side of {@link Sides} from its records. */
export function ttlsOf(records: readonly ResourceRecord[]): ReadonlyMap<string, number | null> {
  return new Map(records.map((record) => [recordId(record), record.ttl]));
}

/** The facts about one record that decide about its change at the central. */
export interface Known {
  readonly record: ResourceRecord;
  /** Whether we wrote the record, or both sides had agreed on it. Only such a record may be removed. */
  readonly isOurs: boolean;
  /** Whether one of our operations wrote the record or changed its TTL. Only then may the TTL be changed. */
  readonly isTtlOurs: boolean;
  /** Whether the record's state leaves it on one side only (docs/adoption.md). Then nothing is done. */
  readonly isLeftAlone: boolean;
  /**
   * Whether another open operation wants the record present or absent at the central; that operation brings
   * this about itself. `open`: other operations have not decided yet, so nothing is done. Null: no other
   * operation concerns the record.
   */
  readonly claimed: 'present' | 'absent' | 'open' | null;
}

/** What to do with a record at the central. `retime`: change only its TTL. `leave`: nothing. */
export type Goal = 'add' | 'remove' | 'retime' | 'leave';

/**
 * Decides what to do with one record at the central so that it matches the panel. All settling uses this
 * rule. Removes only records that are ours. Leaves alone a record that another open operation decides about.
 * Pure.
 */
export function goalOf({ record, ...known }: Known, { panel, central }: Sides): Goal {
  const id = recordId(record);
  const [here, there] = [panel.get(id), central.get(id)];
  if (known.isLeftAlone || known.claimed === 'open') return 'leave';
  if (here === undefined) {
    const isToGo = there !== undefined && known.isOurs && known.claimed !== 'present';
    return isToGo ? 'remove' : 'leave';
  }
  if (there === undefined) return known.claimed === 'absent' ? 'leave' : 'add';
  const isOtherTtl =
    known.isTtlOurs && known.claimed !== 'present' && otherTtl({ ttl: here }, { ttl: there });
  return isOtherTtl ? 'retime' : 'leave';
}

/**
 * The change of a zone that carries out {@link goalOf} for some records. Records to add get the TTL that the
 * panel shows. Pure.
 */
export function changeTowards(zone: DnsName, all: readonly Known[], sides: Sides): Change {
  const remove = new Map<string, ResourceRecord>();
  const add = new Map<string, ResourceRecord>();
  for (const known of all) {
    const id = recordId(known.record);
    const record = plain(known.record);
    const there = { ...record, ttl: sides.central.get(id) ?? null };
    const shown = sides.panel.get(id) ?? null;
    switch (goalOf(known, sides)) {
      case 'add':
        add.set(id, { ...record, ttl: shown ?? record.ttl });
        break;
      case 'remove':
        remove.set(id, there);
        break;
      case 'retime':
        remove.set(id, there);
        add.set(id, { ...record, ttl: shown });
        break;
      case 'leave':
    }
  }
  return { zone, remove: [...remove.values()], add: [...add.values()] };
}
