import type { DnsName } from '../../../dns/name.ts';
import { recordId } from '../../../dns/record.ts';
import type { Batch } from '../../journal.ts';
import type { LedgerRow } from '../../ledger.ts';
import type { Comparison } from '../knowledge/compare-rule.ts';
import { touchedRecords } from '../knowledge/operations.ts';
import type { Runtime } from '../runtime.ts';

/** Note of a zone whose records other writers change at the central again and again. */
export const otherWriterNote = 'note.other-writer';

/**
 * A zone gets the note once this many comparisons within `span` (milliseconds) have found changes by another
 * writer. Fewer changes may be corrections by the provider.
 */
const enough = 3;
const span = 7 * 86_400_000;

/** How many of the zone's newest operations are searched for the one that wrote a new record. */
const mostOperations = 200;

/**
 * Name of the journal's fact with the times of comparisons that found changes by another writer (wall clock,
 * milliseconds since 1970). The fact has at most `enough` times, separated by blanks.
 */
export function otherWriterFact(zone: DnsName): string {
  return `other-writer ${zone}`;
}

/**
 * Finds out whether another writer changes a synced zone at the central. Usually the other writer is a panel
 * with the same account; the central does not report who wrote.
 * @param rows the ledger before the comparison
 * @param found the ledger rows that the comparison changes
 * @returns `note`: the zone's note, `null` for none; `facts`: to commit with the comparison
 * @throws {JournalError}
 */
export async function findOtherWriter(
  runtime: Runtime,
  zone: DnsName,
  rows: readonly LedgerRow[],
  found: Comparison,
): Promise<{ readonly note: string | null; readonly facts: NonNullable<Batch['facts']> }> {
  const { journal, clock } = runtime.ports;
  const fact = otherWriterFact(zone);
  const text = (await journal.fact(fact)) ?? '';
  const now = clock.wall();
  const times = text
    .split(' ')
    .map(Number)
    .filter((time) => time > now - span && time <= now);
  if (await hasForeignChange(runtime, zone, rows, found)) times.push(now);
  const kept = times.slice(-enough);
  const next = kept.join(' ');
  return {
    note: kept.length === enough ? otherWriterNote : null,
    facts: next === text ? {} : { [fact]: next === '' ? null : next },
  };
}

/**
 * Whether the central has a new record that no operation of ours wrote, or has lost a synced record that the
 * panel still has.
 */
async function hasForeignChange(
  { ports: { journal } }: Runtime,
  zone: DnsName,
  rows: readonly LedgerRow[],
  { put }: Comparison,
): Promise<boolean> {
  const before = new Map(rows.map((row) => [recordId(row.record), row]));
  const isGone = ({ record, onPanel, onCentral }: LedgerRow): boolean =>
    onPanel && !onCentral && before.get(recordId(record))?.state === 'synced';
  if (put.some(isGone)) return true;
  const came = put.filter(
    ({ record, onPanel, onCentral }) => onCentral && !onPanel && !before.has(recordId(record)),
  );
  if (came.length === 0) return false;
  const operations = await journal.operations({ zone, latest: mostOperations });
  const ours = new Set(operations.flatMap(touchedRecords).map(recordId));
  return came.some(({ record }) => !ours.has(recordId(record)));
}
