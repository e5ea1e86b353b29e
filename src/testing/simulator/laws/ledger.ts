import type { DnsName } from '../../../dns/name.ts';
import { formatRecord, recordId, type ResourceRecord } from '../../../dns/record.ts';
import { isCentralsOwn } from '../../../core/engine/knowledge/compare-rule.ts';
import type { ZoneView } from '../../../app/answers/journal-status.ts';
import type { LedgerRow } from '../../../core/ledger.ts';
import type { JournalWitness } from '../journal-witness.ts';
import type { Judgement } from './judgement.ts';
import { itemsOf } from './operation-parts.ts';
import type { Pair } from './pair.ts';

/**
 * Checks at the end that each ledger row names the sides that have the record. A synced record must be on
 * both sides, and a record on both sides must be synced. The journal must return the rows that were
 * committed.
 */
export function checkLedger(
  { panel, central, byName }: Pair,
  witness: JournalWitness,
  zone: DnsName,
  view: ZoneView,
  judgement: Judgement,
): void {
  checkJournal(witness, zone, view, judgement);
  const [here, there] = [panel.zones.get(zone), central.zones.get(zone)];
  if (here === undefined || there === undefined || view.entry?.state !== 'synced') return;
  const stuck = stuckIds(view);
  for (const row of view.rows) {
    // A stuck operation writes its rows only after an administrator has decided.
    if (stuck.has(recordId(row.record))) continue;
    if (row.state === 'synced' && !isSynced(row, here, there))
      judgement.violate('ledger.synced', sayRow(zone, row));
    // A central that cannot list zones cannot show records that the ledger does not know.
    else if (!byName && !isWhere(row, here, there)) judgement.violate('ledger.sides', sayRow(zone, row));
  }
  checkUnjoined(zone, view, here, there, judgement);
}

type Held = ReadonlyMap<string, ResourceRecord>;

/** Ids of the records in stuck operations. */
function stuckIds({ open }: ZoneView): ReadonlySet<string> {
  const items = open.flatMap((operation) => (operation.state === 'stuck' ? itemsOf(operation) : []));
  const records = items.flatMap(({ remove, add }) => [remove, add]);
  return new Set(records.flatMap((record) => (record === null ? [] : [recordId(record)])));
}

function isWhere({ record, onPanel, onCentral }: LedgerRow, here: Held, there: Held): boolean {
  const id = recordId(record);
  return onPanel === here.has(id) && onCentral === there.has(id);
}

function isSynced({ record }: LedgerRow, here: Held, there: Held): boolean {
  const id = recordId(record);
  return here.has(id) && there.has(id);
}

function checkUnjoined(
  zone: DnsName,
  { rows }: ZoneView,
  here: Held,
  there: Held,
  judgement: Judgement,
): void {
  const states = new Map(rows.map(({ record, state }) => [recordId(record), state]));
  for (const [id, record] of here) {
    const state = states.get(id);
    if (!there.has(id) || state === 'synced' || isCentralsOwn(zone, record)) continue;
    if (state === 'excluded') judgement.excuse('excluded');
    else judgement.violate('ledger.unjoined', `${zone}: ${formatRecord(record)}`);
  }
}

function checkJournal(witness: JournalWitness, zone: DnsName, view: ZoneView, judgement: Judgement): void {
  const committed = [...witness.rows(zone)].map((row) => sayRow(zone, row)).sort();
  const returned = view.rows.map((row) => sayRow(zone, row)).sort();
  if (committed.join('\n') !== returned.join('\n'))
    judgement.violate('ledger.journal', `${zone}: ${returned.length} rows, ${committed.length} committed`);
}

function sayRow(zone: DnsName, { record, state, onPanel, onCentral }: LedgerRow): string {
  const sides = `${onPanel ? 'on' : 'not on'} the panel, ${onCentral ? 'on' : 'not on'} the central`;
  return `${zone}: ${formatRecord(record)} is ${state}, ${sides}`;
}
