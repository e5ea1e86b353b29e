import { recordId, type ResourceRecord } from '../../../dns/record.ts';
import { keyFields, type LedgerRow, type RecordState } from '../../ledger.ts';
import type { OperationItem, RecordsOperation } from '../../operation.ts';
import { isCentralsOwn } from './compare-rule.ts';
import { recordsIn } from './operations.ts';
import { keysById, type PanelView } from './panel-view.ts';

/** The records of both sides at the time when operations end. */
export interface LedgerSides {
  readonly view: PanelView;
  /** Ids of those records in these operations that the central is known to have. */
  readonly central: ReadonlySet<string>;
}

interface Truth extends LedgerSides {
  readonly rows: readonly LedgerRow[];
  /** Ids of the records in other open operations. */
  readonly busy: ReadonlySet<string>;
  /**
   * Ids of records in ended operations on watch. The panel may still make these edits, and the central then
   * follows the panel.
   */
  readonly watched: ReadonlySet<string>;
}

export interface RowsAfter {
  readonly put: readonly LedgerRow[];
  readonly drop: readonly ResourceRecord[];
  /** Whether some item was not sent to the central. If so, the zone has to be compared. */
  readonly local: boolean;
}

/** Computes the ledger rows to write and to delete when operations of one zone end. Pure. */
export function rowsAfter(operations: readonly RecordsOperation[], truth: Truth): RowsAfter {
  const rows = new Map(truth.rows.map((row) => [recordId(row.record), row]));
  const keys = keysById(truth.view.records ?? []);
  const put: LedgerRow[] = [];
  const drop: ResourceRecord[] = [];
  let local = false;
  const sent = mirroredIds(operations);
  for (const { zone, items } of operations) {
    for (const item of items) {
      local ||= !item.mirrored && item.note !== 'note.centrals-own';
      for (const record of [item.remove, item.add]) {
        if (record === null || isCentralsOwn(zone, record)) continue;
        const before = rows.get(recordId(record)) ?? null;
        if (!item.mirrored && !isLocals(record, before, sent, truth)) continue;
        if (item.mirrored && isLeft(record, before, truth)) continue;
        const row = rowAfter(record, item, before, keys, truth);
        if (row === null) drop.push(record);
        else put.push(row);
      }
    }
  }
  return { put, drop, local };
}

function mirroredIds(operations: readonly RecordsOperation[]): ReadonlySet<string> {
  const items = operations.flatMap((operation) => operation.items).filter(({ mirrored }) => mirrored);
  return new Set(recordsIn(items).map(recordId));
}

/**
 * Whether an item that was not sent to the central changes the ledger row of its record. It changes a row
 * that is wrong about whether the panel has the record. It leaves the row if the record is synced, because
 * the row is newer about the central. It also leaves the row if another item or operation sends or watches
 * the record.
 */
function isLocals(
  record: ResourceRecord,
  row: LedgerRow | null,
  sent: ReadonlySet<string>,
  { view, busy, watched }: Truth,
): boolean {
  const id = recordId(record);
  if (sent.has(id) || busy.has(id) || watched.has(id) || row?.state === 'synced') return false;
  return (row?.onPanel ?? false) !== view.ids.has(id);
}

/**
 * Whether only the central still has a synced record. The ledger row stays `synced`, so that a comparison or
 * the watch later removes the record at the central.
 */
function isLeft(record: ResourceRecord, row: LedgerRow | null, { view, central, busy }: Truth): boolean {
  const id = recordId(record);
  return row?.state === 'synced' && !view.ids.has(id) && central.has(id) && !busy.has(id);
}

function rowAfter(
  record: ResourceRecord,
  item: OperationItem,
  row: LedgerRow | null,
  keys: ReadonlyMap<string, readonly string[]>,
  truth: Truth,
): LedgerRow | null {
  const id = recordId(record);
  const onPanel = truth.view.ids.has(id);
  const seenAtCentral = truth.busy.has(id) ? onPanel : truth.central.has(id);
  const onCentral = item.mirrored ? seenAtCentral : (row?.onCentral ?? false);
  if (!onPanel && !onCentral) return null;
  const state: RecordState = item.mirrored
    ? mirroredState(onPanel, onCentral)
    : localState(item.note, row, onPanel);
  const ttl = truth.view.ttls.get(id) ?? record.ttl;
  return {
    record: { ...record, ttl },
    state,
    onPanel,
    onCentral,
    ...keyFields(keys.get(id) ?? []),
    note: item.note,
  };
}

function mirroredState(onPanel: boolean, onCentral: boolean): RecordState {
  if (onPanel && onCentral) return 'synced';
  return onPanel ? 'conflict' : 'central-only';
}

/**
 * The state of a record that an edit left to the panel.
 * @param note why the edit did not send it
 * @param row its ledger row before the edit
 * @param onPanel whether the panel has it after the edit
 */
export function localState(note: string | null, row: LedgerRow | null, onPanel: boolean): RecordState {
  if (row?.state === 'excluded') return 'excluded';
  if (!onPanel) return 'central-only';
  if (row !== null && row.state !== 'central-only') return row.state;
  if (note === 'note.excluded' || note === 'note.beside-excluded') return 'excluded';
  return note === 'note.panel-only' ? 'panel-only' : 'conflict';
}
