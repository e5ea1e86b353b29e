import type { DnsName } from '../dns/name.ts';
import type { Decision, ObservedCounts } from './decision.ts';
import type { Operation } from './operation.ts';
import { outcomeOf, type OutcomeKind } from './outcome.ts';

/** One entry of the history: an operation, or the decision about an edit that got no operation. */
export type HistoryEntry = Operation | Decision;

/** A filter for entries of the history. An absent field lets all entries pass. */
export interface HistoryFilter {
  readonly zone?: DnsName;
  /** Owner name of a record that the edit is about. */
  readonly name?: DnsName;
  /** The account that made the edit. */
  readonly user?: string;
  readonly outcome?: OutcomeKind;
  /** From this time on, and before this time: wall clock, milliseconds since 1970. */
  readonly since?: number;
  readonly until?: number;
}

/** A part of the history, newest first. */
export interface HistoryPage<T = HistoryEntry> {
  readonly entries: readonly T[];
  /** The value to pass as `before` to get the next page; null: this page is the last one. */
  readonly next: string | null;
}

/** The history of one central, as its journal holds it (`SqliteJournal`). */
export interface HistorySource {
  readonly page: (filter: HistoryFilter, before: string | null, most: number) => Promise<HistoryPage>;
  readonly entries: (prefix: string) => Promise<readonly HistoryEntry[]>;
  /** Counts observed edits since a time: wall clock, milliseconds since 1970. */
  readonly observed: (since: number) => Promise<ObservedCounts>;
}

/** Whether an entry passes the filter. The time of an entry is taken from its id (see {@link idAt}). */
export function isWanted(
  entry: HistoryEntry,
  { zone, name, user, outcome, ...times }: HistoryFilter,
): boolean {
  if (zone !== undefined && entry.zone !== zone) return false;
  if (user !== undefined && entry.actor !== user) return false;
  if (name !== undefined && !namesOf(entry).has(name)) return false;
  const { since, until } = times;
  if (since !== undefined && entry.id < idAt(since)) return false;
  if (until !== undefined && entry.id >= idAt(until)) return false;
  return outcome === undefined || outcomeIn(entry) === outcome;
}

/** How an entry ended. */
export function outcomeIn(entry: HistoryEntry): OutcomeKind {
  return entry.kind === 'call' ? entry.outcome : outcomeOf(entry).kind;
}

/** The owner names that an entry is about; none for a zone as a whole. */
export function namesOf(entry: HistoryEntry): ReadonlySet<DnsName> {
  if (entry.kind !== 'records' && entry.kind !== 'call') return new Set();
  return new Set(entry.items.flatMap(({ remove, add }) => [remove?.name ?? [], add?.name ?? []].flat()));
}

/**
 * The text with which ids made at this time begin. Sorted as text, earlier ids come before it and later ids
 * after it.
 * @param wall wall clock, milliseconds since 1970
 */
export function idAt(wall: number): string {
  return Math.max(0, Math.floor(wall)).toString(36).padStart(9, '0');
}
