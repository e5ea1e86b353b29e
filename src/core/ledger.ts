import type { DnsName } from '../dns/name.ts';
import type { ResourceRecord } from '../dns/record.ts';

/** The state of a zone between panel and central (docs/adoption.md). */
export type ZoneState =
  /** Both sides have the zone; edits are sent to the central. */
  | 'synced'
  /** Only the panel has the zone; edits stay in the panel. */
  | 'panel-only'
  /** Another account at the central has the zone; edits stay in the panel. */
  | 'foreign'
  /** An administrator excluded the zone from the synchronisation. */
  | 'excluded'
  /** The zone is being created at the central; its records are not sent yet. */
  | 'creating'
  /** The panel has deleted the zone. The delete at the central is still to come, or is being retried. */
  | 'deleting';

export interface ZoneEntry {
  readonly zone: DnsName;
  readonly state: ZoneState;
  /** The number of times that the zone was created: each create increases it by one. */
  readonly incarnation: number;
  /** When the baseline was taken: wall clock, milliseconds since 1970. */
  readonly baselineAt: number;
  /** Code of the last note about the whole zone; null: the zone has none. */
  readonly note: string | null;
}

/** The state of a record between panel and central (docs/glossary.md#synced and below). */
export type RecordState = 'synced' | 'panel-only' | 'central-only' | 'conflict' | 'excluded';

/** One record of a zone: whether both sides have it, and what the last comparison said of it. */
export interface LedgerRow {
  readonly record: ResourceRecord;
  readonly state: RecordState;
  /** Whether the panel had the record when last read. */
  readonly onPanel: boolean;
  /** Whether the central had the record when last read. */
  readonly onCentral: boolean;
  /**
   * The panel's own key of the record, verbatim. Null: the panel does not have the record, or no panel read
   * has shown it yet.
   */
  readonly panelKey: string | null;
  /** Keys of further rows of the panel that hold the same record; absent: there are none. */
  readonly otherKeys?: readonly string[];
  /** Code of the last note about this record; null: the record has none. */
  readonly note: string | null;
}

/** The fields of a ledger row that hold the keys of one record's rows in the panel. */
export function keyFields(keys: readonly string[]): Pick<LedgerRow, 'panelKey' | 'otherKeys'> {
  const [panelKey = null, ...otherKeys] = new Set(keys);
  return otherKeys.length === 0 ? { panelKey } : { panelKey, otherKeys };
}

/**
 * For each state of a zone in which nothing is sent to the central: the note that says why an edit stayed in
 * the panel.
 */
export const leftNotes = {
  'panel-only': 'note.left-panel-only',
  foreign: 'note.left-foreign',
  excluded: 'note.left-excluded',
  deleting: 'note.left-deleting',
} as const;

/** Whether edits of a zone in this state are carried out at the central. */
export function isMirrored(state: ZoneState): state is Exclude<ZoneState, keyof typeof leftNotes> {
  return state === 'synced' || state === 'creating';
}
