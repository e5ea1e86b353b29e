/** Reports that are made from a journal alone, so that no engine has to run. */
import type { DnsName } from '../../dns/name.ts';
import { baselineFact } from '../../core/engine/before/unknown-zone.ts';
import type { Journal, JournalCounts } from '../../core/journal.ts';
import { doubtOf, type JournalDoubt } from '../../core/journal-doubts.ts';
import type { LedgerRow, ZoneEntry } from '../../core/ledger.ts';
import { isFinal, type Operation } from '../../core/operation.ts';

/** The state of one central, made from its journal alone. */
export interface JournalStatus extends Omit<JournalCounts, 'rows'> {
  /** When the first comparison was completed: wall clock, milliseconds since 1970; null: not yet. */
  readonly baselineAt: number | null;
  /**
   * Why the journal may lack the newest events. Stays until an operator accepts the journal; null: no reason.
   */
  readonly doubt: JournalDoubt | null;
  /** Number of operations that are neither final nor stuck. */
  readonly open: number;
  readonly stuck: readonly Operation[];
  /** Number of operations in each state that is not final; states without operations are left out. */
  readonly unfinished: Readonly<Record<string, number>>;
  /** Number of records in each state; states without records are left out. */
  readonly records: Readonly<Record<string, number>>;
}

/** One zone in the ledger, with its records in panel and central and its open operations. */
export interface ZoneView {
  readonly entry: ZoneEntry | null;
  readonly rows: readonly LedgerRow[];
  readonly open: readonly Operation[];
}

/** Makes the status of one journal. @param wall wall clock, milliseconds since 1970 @throws {JournalError} */
export async function journalStatus(
  journal: Pick<Journal, 'operations' | 'fact' | 'counts'>,
  wall: number,
): Promise<JournalStatus> {
  const open = await journal.operations({ openAt: wall });
  const unfinished = open.filter(({ state }) => !isFinal(state));
  const baseline = await journal.fact(baselineFact);
  const { rows: records, ...counts } = await journal.counts();
  return {
    baselineAt: baseline === null ? null : Number(baseline),
    doubt: await doubtOf(journal),
    open: unfinished.filter(({ state }) => state !== 'stuck').length,
    stuck: unfinished.filter(({ state }) => state === 'stuck'),
    unfinished: countBy(unfinished.map(({ state }) => state)),
    ...counts,
    records,
  };
}

function countBy(words: readonly string[]): Readonly<Record<string, number>> {
  return Object.fromEntries([...Map.groupBy(words, (word) => word)].map(([word, all]) => [word, all.length]));
}

/** Reads one zone from the journal. @param wall wall clock, milliseconds since 1970 @throws {JournalError} */
export async function zoneView(
  journal: Pick<Journal, 'zone' | 'rows' | 'operations'>,
  zone: DnsName,
  wall: number,
): Promise<ZoneView> {
  return {
    entry: await journal.zone(zone),
    rows: await journal.rows(zone),
    open: await journal.operations({ zone, openAt: wall }),
  };
}
