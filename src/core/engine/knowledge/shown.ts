import { recordId, type ResourceRecord } from '../../../dns/record.ts';
import type { DnsName } from '../../../dns/name.ts';
import type { LedgerRow } from '../../ledger.ts';
import { edits, isOpen, wasOver, type Operation, type RecordsOperation } from '../../operation.ts';
import type { Runtime } from '../runtime.ts';
import { retimed, showsDone, viewItems } from './operations.ts';
import { isReported, type PanelView } from './panel-view.ts';

/** How many of the zone's newest operations are searched for edits that overlap another edit in time. */
const latest = 30;

/**
 * Remembers what a panel read of a zone proves about how recent such reads are
 * (docs/decisions/021-old-reads.md). Reads the journal only if the read lacks an edit that the panel
 * reported.
 * @param undecided operations of the zone that this read may end
 * @throws {JournalError}
 */
export async function learnFrom(
  runtime: Runtime,
  zone: DnsName,
  undecided: readonly Operation[],
  view: PanelView,
): Promise<void> {
  if (view.records === null) {
    for (const operation of undecided) learnDeleted(runtime, operation);
    return;
  }
  const asked = edits(undecided);
  // While the zone is created or deleted, a read may show records of an earlier zone with the same name.
  if (asked.length < undecided.length) return;
  if (!asked.some((operation) => isReported(operation) && !showsDone(operation, view))) return;
  const { journal, clock } = runtime.ports;
  const names = new Set(asked.flatMap(namesOf));
  const rows = new Map((await journal.rows(zone, [...names])).map((row) => [recordId(row.record), row]));
  const recent = await journal.operations({ zone, latest });
  const wall = clock.wall();
  for (const operation of asked) {
    // The panel may show late what an edit on watch has asked for, although we have undone that edit.
    const mayShow = (one: Operation): boolean => isOpen(one, wall) || !wasOver(one, operation);
    const others = recent.filter((one) => one.id !== operation.id && mayShow(one));
    if (isShown(operation, view, rows, others))
      runtime.readProofs.shown(zone, operation.id, operation.class === 'veto');
  }
}

function learnDeleted({ readProofs }: Runtime, operation: Operation): void {
  const { zone } = operation;
  if (operation.kind === 'zone-delete') readProofs.deleted(zone, operation.id);
  if (operation.kind === 'zone-create' && operation.cancels !== null)
    readProofs.deleted(zone, operation.cancels);
}

/**
 * Whether the read proves that the panel had made the edit, at least in part. The proof is a record of the
 * edit that differs from what earlier reads showed, if no other edit of that time explains the difference.
 * Another new record at the edit's name proves nothing: the panel may have had it before the edit, without an
 * event.
 * @param rows the ledger's rows at the edit's names, by record id: what earlier reads showed
 * @param others other operations of the zone that may explain what the read shows
 */
function isShown(
  operation: RecordsOperation,
  view: PanelView,
  rows: ReadonlyMap<string, LedgerRow>,
  others: readonly Operation[],
): boolean {
  const { items } = operation;
  if (others.some(({ kind }) => kind !== 'records')) return false;
  const elsewhere = new Set(edits(others).flatMap(recordsOf).map(recordId));
  const wasThere = (one: string): boolean => rows.get(one)?.onPanel === true;
  const own = new Set(recordsOf(operation).map(recordId));
  const changed = [...own].some(
    (one) => !elsewhere.has(one) && !isKeptBoth(operation, one) && view.ids.has(one) !== wasThere(one),
  );
  if (changed) return true;
  const views = viewItems(operation, view);
  return items.some(
    (item, at) =>
      item.add !== null &&
      retimed(item) !== null &&
      views[at] !== 'before' &&
      !elsewhere.has(recordId(item.add)),
  );
}

/** Whether the edit both removes the record and adds it again. */
function isKeptBoth({ items }: RecordsOperation, id: string): boolean {
  const has = (record: ResourceRecord | null): boolean => record !== null && recordId(record) === id;
  return items.some(({ remove }) => has(remove)) && items.some(({ add }) => has(add));
}

function recordsOf({ items }: RecordsOperation): ResourceRecord[] {
  return items.flatMap(({ remove, add }) => [remove, add]).filter((record) => record !== null);
}

function namesOf(operation: RecordsOperation): DnsName[] {
  return recordsOf(operation).map(({ name }) => name);
}
