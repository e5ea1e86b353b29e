import type { DnsName } from '../../../dns/name.ts';
import { recordId, type ResourceRecord } from '../../../dns/record.ts';
import { CentralError, type CallContext } from '../../central.ts';
import { conflictSinceFact, type Batch } from '../../journal.ts';
import type { LedgerRow, ZoneEntry } from '../../ledger.ts';
import type { Operation } from '../../operation.ts';
import { baselineDueFact } from '../before/unknown-zone.ts';
import type { Transaction } from '../parts/store.ts';
import { readCentralZone } from '../knowledge/central-zone.ts';
import type { Comparison } from '../knowledge/compare-rule.ts';
import { watchedRecords } from '../knowledge/operations.ts';
import type { PanelView } from '../knowledge/panel-view.ts';
import type { Runtime } from '../runtime.ts';
import { zoneEntry } from '../knowledge/zone-entry.ts';
import { noteUnserved } from './unserved.ts';

/**
 * A panel read of the zone. `unlisted`: whether the panel's list proves that the panel has no such zone;
 * `unreadable`: the list has a name that cannot be read. `frozen`: the ledger is damaged, so the zone gets a
 * new baseline.
 */
export type ViewedZone = PanelView & {
  readonly unlisted: boolean | 'unreadable';
  readonly frozen: boolean;
  /** Time at which the comparison began, monotonic milliseconds. */
  readonly began: number;
};

/**
 * Returns what the journal has to store about the zone: since when it has conflicts. Empty: nothing of that
 * changes by this comparison.
 * @throws {JournalError}
 */
export async function conflictFacts(
  { ports: { journal, clock } }: Runtime,
  zone: DnsName,
  rows: readonly LedgerRow[],
  { put, drop }: Comparison,
): Promise<NonNullable<Batch['facts']>> {
  const name = `${conflictSinceFact}${zone}`;
  const decided = new Set([...put.map(({ record }) => record), ...drop].map(recordId));
  const left = rows.filter(({ record }) => !decided.has(recordId(record)));
  const isInConflict = [...left, ...put].some(({ state }) => state === 'conflict');
  const stored = await journal.fact(name);
  if (isInConflict === (stored !== null)) return {};
  return { [name]: isInConflict ? String(clock.wall()) : null };
}

/**
 * Reads the zone at the central. `copy`: the central has it as a copy of another server's zone. If the
 * central cannot show a synced zone, the reason becomes the zone's note until a comparison succeeds.
 * @throws {CentralError | JournalError}
 */
export async function recordsOrCopy(
  runtime: Runtime,
  zone: DnsName,
  held: readonly ResourceRecord[],
  ctx: CallContext,
): Promise<Awaited<ReturnType<typeof readCentralZone>> | 'copy'> {
  try {
    return await readCentralZone(runtime, zone, held, ctx);
  } catch (error) {
    if (error instanceof CentralError && error.code === 'zone.copy') return 'copy';
    await noteUnserved(runtime, zone, error);
    throw error;
  }
}

/**
 * Ids of records that late writes or a slow panel may still change, because operations on them are on watch
 * (`watched-records.ts`). If an undone create of the zone is on watch, all synced records are included. The
 * same holds for a delete that was given up, unless the panel has reported that it made the delete.
 */
export function watchedIds(watched: readonly Operation[], rows: readonly LedgerRow[]): ReadonlySet<string> {
  const records = watched.flatMap(watchedRecords);
  const agreed = rows.filter(({ state }) => state === 'synced').map(({ record }) => record);
  const undone = watched.filter(({ kind, state }) => kind !== 'records' && state === 'reverted');
  const isWhole = undone.some(({ kind, afterSeen }) => kind === 'zone-create' || !afterSeen);
  return new Set([...records, ...(isWhole ? agreed : [])].map(recordId));
}

/**
 * Makes the new ledger entry of a zone that both sides have.
 * @param entry the entry so far; null: none
 */
export function joinedEntry(runtime: Runtime, zone: DnsName, entry: ZoneEntry | null): ZoneEntry {
  return zoneEntry(runtime, zone, entry?.state === 'excluded' ? 'excluded' : 'synced', null, entry);
}

/**
 * Facts to store together with the first ledger entry of a zone.
 * @param entry the entry so far; null: none
 */
export function baselineTaken(zone: DnsName, entry: ZoneEntry | null): NonNullable<Batch['facts']> {
  return entry === null ? { [baselineDueFact(zone)]: null } : {};
}

/** The result of comparing a zone. */
interface Found {
  /** The note that the comparison gives the zone. */
  readonly note: string | null;
  /** The zone's ledger rows before the comparison. */
  readonly rows: readonly LedgerRow[];
  readonly found: Comparison;
  /** Operations of the zone that are open, on watch or forgotten. */
  readonly busy: readonly Operation[];
}

/**
 * Stores in the transaction that both sides of the zone agree. Does this only if the comparison found nothing
 * to do, the zone has no conflict, and no operation may still change the zone.
 * @throws {JournalError}
 */
export async function noteInStep(
  tx: Transaction,
  entry: ZoneEntry | null,
  { quiet, frozen, began }: ViewedZone,
  { note, rows, found, busy }: Found,
): Promise<void> {
  if (entry?.state !== 'synced' || !quiet || frozen || busy.length > 0) return;
  const { put, drop, additions, gone } = found;
  const isSame = put.length + drop.length + additions.length + gone.length === 0;
  const hasConflict = rows.some(({ state }) => state === 'conflict');
  if (!isSame || hasConflict || entry.note !== null || note !== null) return;
  // An operation may have begun since the comparison read the journal.
  if ((await tx.open(entry.zone)).length === 0) tx.inStep.set(entry.zone, began);
}
