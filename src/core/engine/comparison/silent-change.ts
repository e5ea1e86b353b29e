import type { DnsName } from '../../../dns/name.ts';
import { recordId, type ResourceRecord } from '../../../dns/record.ts';
import type { LedgerRow, ZoneEntry } from '../../ledger.ts';
import { isCentralsOwn } from '../knowledge/compare-rule.ts';
import type { CompareRequest } from '../parts/agenda.ts';
import type { Runtime } from '../runtime.ts';
import type { PanelView } from '../knowledge/panel-view.ts';

/** A panel read of a zone, and the ledger's data of the zone from before the read. */
interface Compared {
  readonly view: PanelView;
  readonly rows: readonly LedgerRow[];
  /** Ids (`recordId`) of records that open operations or watches decide about. */
  readonly busy: ReadonlySet<string>;
}

/**
 * Reports to `runtime.silent` whether a comparison of a synced zone found a change in the panel that no
 * operation explains.
 * @param entry the zone's ledger entry; null: the ledger knew nothing about the zone
 */
export function noteSilent(
  runtime: Runtime,
  entry: ZoneEntry | null,
  { reason }: CompareRequest,
  compared: Compared,
): void {
  if (entry?.state !== 'synced') return;
  const { zone } = entry;
  runtime.silent.compared(zone, reason, () => hasChangedInPanel(zone, compared));
}

/** Whether the panel got or lost a record since the ledger was written, and no operation explains this. */
function hasChangedInPanel(zone: DnsName, { view, rows, busy }: Compared): boolean {
  if (!view.quiet) return false;
  const known = new Map(rows.map((row) => [recordId(row.record), row]));
  const counts = (record: ResourceRecord): boolean =>
    !isCentralsOwn(zone, record) && !isCheck(record) && !busy.has(recordId(record));
  const came = (view.records ?? []).some(
    (record) => counts(record) && known.get(recordId(record))?.onPanel !== true,
  );
  return (
    came || rows.some(({ record, onPanel }) => onPanel && counts(record) && !view.ids.has(recordId(record)))
  );
}

/** Whether the record is one that panels write by themselves to renew a certificate. */
function isCheck({ name }: ResourceRecord): boolean {
  return name.startsWith('_acme-challenge.');
}
