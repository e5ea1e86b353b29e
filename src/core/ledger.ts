import type { DnsName } from '../dns/name.ts';
import type { ResourceRecord } from '../dns/record.ts';

/** How a zone stands between panel and central (docs/adoption.md). */
export type ZoneState =
  /** In both; edits are mirrored. */
  | 'synced'
  /** In the panel when we arrived and not in our account; left alone. */
  | 'panel-only'
  /** At the central it belongs to somebody else; left alone. */
  | 'foreign'
  /** An administrator took it out of synchronisation. */
  | 'excluded'
  /** Created by us, its content not yet sent. */
  | 'creating'
  /** Gone from the panel, its delete at the central is waiting or being retried. */
  | 'deleting';

export interface ZoneEntry {
  readonly zone: DnsName;
  readonly state: ZoneState;
  /** Counts up each time the zone is created anew. */
  readonly incarnation: number;
  /** Wall clock, milliseconds since 1970: when the baseline was taken. */
  readonly baselineAt: number;
  /** Code of the last note about the zone as a whole, for the lists; null when there is none. */
  readonly note: string | null;
}

/** How a record stands. */
export type RecordState = 'synced' | 'panel-only' | 'central-only' | 'conflict' | 'excluded';

/** What both sides last agreed on for one record, or in what they were seen to disagree. */
export interface LedgerRow {
  readonly record: ResourceRecord;
  readonly state: RecordState;
  /** Whether the panel had it when last read. */
  readonly onPanel: boolean;
  /** Whether the central had it when last read. */
  readonly onCentral: boolean;
  /** The panel's own key, verbatim; null when the panel does not have it or has not been read since. */
  readonly panelKey: string | null;
  /** Keys of further rows of the panel that mean the same record; absent: none. */
  readonly otherKeys?: readonly string[];
  /** Code of the last note about this record; null when there is none. */
  readonly note: string | null;
}

/** The keys of the rows of a panel that mean one record, as a ledger row has them. */
export function keyFields(keys: readonly string[]): Pick<LedgerRow, 'panelKey' | 'otherKeys'> {
  const [panelKey = null, ...otherKeys] = new Set(keys);
  return otherKeys.length === 0 ? { panelKey } : { panelKey, otherKeys };
}

/** Zones whose edits we carry out at the central. */
export function isMirrored(state: ZoneState): boolean {
  return state === 'synced' || state === 'creating';
}
