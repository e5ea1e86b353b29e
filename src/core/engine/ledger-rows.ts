import { recordId, type ResourceRecord } from '../../dns/record.ts';
import { keyFields, type LedgerRow, type RecordStanding } from '../ledger.ts';
import type { Operation, OperationItem } from '../operation.ts';
import { isCentralsOwn } from './classify.ts';
import { keysById, type PanelView } from './panel-view.ts';

/** What is known of both sides when operations end. */
export interface Sides {
  readonly view: PanelView;
  /** Ids the central is known to have among the operations' records. */
  readonly central: ReadonlySet<string>;
}

interface Truth extends Sides {
  readonly rows: readonly LedgerRow[];
  /** Ids that other open operations are about. */
  readonly busy: ReadonlySet<string>;
}

export interface RowsAfter {
  readonly put: readonly LedgerRow[];
  readonly drop: readonly ResourceRecord[];
  /** Whether something passed in the panel only, so that a comparison is due. */
  readonly local: boolean;
}

/** The ledger rows that the end of some operations of one zone makes true. */
export function rowsAfter(operations: readonly Operation[], truth: Truth): RowsAfter {
  const rows = new Map(truth.rows.map((row) => [recordId(row.record), row]));
  const keys = keysById(truth.view.records ?? []);
  const put: LedgerRow[] = [];
  const drop: ResourceRecord[] = [];
  let local = false;
  for (const { zone, items } of operations) {
    for (const item of items) {
      local ||= !item.mirrored && item.note !== 'note.centrals-own';
      for (const record of [item.remove, item.add]) {
        if (record === null || isCentralsOwn(zone, record)) continue;
        const row = rowAfter(record, item, rows.get(recordId(record)) ?? null, keys, truth);
        if (row === null) drop.push(record);
        else put.push(row);
      }
    }
  }
  return { put, drop, local };
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
  const onCentral = item.mirrored ? seenAtCentral : isKnownAtCentral(record, item, row);
  if (!onPanel && !onCentral) return null;
  const standing: RecordStanding = item.mirrored
    ? mirroredStanding(onPanel, onCentral)
    : localStanding(item.note, row, onPanel);
  const ttl = truth.view.ttls.get(id) ?? record.ttl;
  return {
    record: { ...record, ttl },
    standing,
    onPanel,
    onCentral,
    ...keyFields(keys.get(id) ?? []),
    note: item.note,
  };
}

/** By the ledger, unless the edit saw that its old record is gone there and another stands in its place. */
function isKnownAtCentral(record: ResourceRecord, item: OperationItem, row: LedgerRow | null): boolean {
  if (item.note === 'note.changed-at-central' && record === item.remove) return false;
  return row?.onCentral ?? false;
}

function mirroredStanding(onPanel: boolean, onCentral: boolean): RecordStanding {
  if (onPanel && onCentral) return 'joined';
  return onPanel ? 'differs' : 'central-only';
}

function localStanding(note: string | null, row: LedgerRow | null, onPanel: boolean): RecordStanding {
  if (!onPanel) return 'central-only';
  if (row !== null && row.standing !== 'joined' && row.standing !== 'central-only') return row.standing;
  if (note === 'note.released' || note === 'note.beside-released') return 'released';
  return note === 'note.panel-only' ? 'panel-only' : 'differs';
}
