import type { DnsName } from '../../../dns/name.ts';
import { otherTtl, recordId, type ResourceRecord } from '../../../dns/record.ts';
import type { Change } from '../../../dns/zone.ts';
import { plain } from './compare-rule.ts';

/** The records of both sides: for each `recordId`, the TTL in seconds (null: that side shows none). */
export interface Sides {
  readonly panel: ReadonlyMap<string, number | null>;
  readonly central: ReadonlyMap<string, number | null>;
}

/** Makes the map of one side of {@link Sides} from its records. */
export function ttlsOf(records: readonly ResourceRecord[]): ReadonlyMap<string, number | null> {
  return new Map(records.map((record) => [recordId(record), record.ttl]));
}

/** What is known of one record, to decide what happens to it at the central. */
export interface Known {
  readonly record: ResourceRecord;
  /** We wrote the record, or both sides had agreed on it. Only then may it be removed. */
  readonly isOurs: boolean;
  /** An edit of ours wrote the record or changed its TTL. Only then may its TTL be changed. */
  readonly isTtlOurs: boolean;
  /** The record's state keeps it on one side only (docs/adoption.md), so nothing is done. */
  readonly isLeftAlone: boolean;
  /**
   * What another open operation wants of the record and will carry out itself. `open`: this is not decided
   * yet, so nothing is done. Null: no operation wants anything of it.
   */
  readonly claimed: 'present' | 'absent' | 'open' | null;
}

/** What to do with a record at the central. `retime`: change only its TTL. `leave`: nothing. */
export type Goal = 'add' | 'remove' | 'retime' | 'leave';

/**
 * The rule that all settling uses: bring the central to what the panel holds. Changes only records that are
 * ours, and none that another open operation decides about. Pure.
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
 * The change that {@link goalOf} wants for some records of a zone. Records to add get the TTL that the panel
 * shows. Pure.
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
