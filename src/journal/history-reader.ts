import { idAt, isWanted, type HistoryEntry, type HistoryFilter, type HistoryPage } from '../core/history.ts';
import { isFinal } from '../core/operation.ts';
import type { Decision, ObservedCounts } from '../core/decision.ts';
import type { DecisionTable } from './decision-table.ts';
import type { FactTable } from './fact-table.ts';
import { unkeyedFact } from './history-index.ts';
import type { OperationTable } from './operation-table.ts';

/** Maximum number of operations that are read for one page, so that no answer takes long. */
const looked = 500;
/** Maximum number of decisions that are read for one page. */
const mostDecisions = 5_000;
/** A text that sorts after every id. */
const end = '\u{10ffff}';

/** Reads the history: operations and decisions together, newest first, in pages. */
export class HistoryReader {
  readonly #operations: OperationTable;
  readonly #decisions: DecisionTable;
  readonly #facts: FactTable;
  readonly #tables: ReadonlySet<string>;

  /** @param tables names of the tables in the file; a file of an earlier release may lack some of them */
  constructor(
    operations: OperationTable,
    decisions: DecisionTable,
    facts: FactTable,
    tables: ReadonlySet<string>,
  ) {
    this.#operations = operations;
    this.#decisions = decisions;
    this.#facts = facts;
    this.#tables = tables;
  }

  /** Reads one page of the history, as `SqliteJournal.page` describes. @throws {JournalError} */
  page(filter: HistoryFilter, before: string | null, most: number): HistoryPage {
    const { since, until } = filter;
    const after = since === undefined ? '' : idAt(since);
    const first = [before ?? end, until === undefined ? end : idAt(until)].sort()[0] ?? end;
    const bounds = { after, before: first };
    const isKeyed = this.#tables.has('operation_key') && this.#facts.get(unkeyedFact) === null;
    const { found, last } = this.#operations.wantedBy(filter, bounds, isKeyed, { wanted: most, looked });
    const decided = this.#decisionsIn(last ?? after, first);
    // Entries with an id before `floor` may be missing from one of the two lists, so they wait for the next
    // page.
    const floor = [last, decided.last].reduce<string | null>((one, other) => later(one, other), null);
    const entries = new Map<string, HistoryEntry>();
    for (const entry of [...found, ...this.#open(bounds), ...decided.found])
      if ((floor === null || entry.id >= floor) && isWanted(entry, filter)) entries.set(entry.id, entry);
    const sorted = [...entries.values()].toSorted((a, b) => (a.id < b.id ? 1 : -1));
    const shown = sorted.slice(0, most);
    return { entries: shown, next: sorted.length > most ? (shown.at(-1)?.id ?? null) : floor };
  }

  /** Decisions whose id begins with this text, oldest first. */
  decisionsWith(prefix: string): readonly Decision[] {
    return this.#tables.has('decision') ? this.#decisions.withPrefix(prefix) : [];
  }

  /** Counts the edits observed since the given time (wall clock, milliseconds since 1970). */
  observed(since: number): ObservedCounts {
    if (!this.#tables.has('decision')) return { edits: 0, refused: 0 };
    return this.#decisions.observedAfter(idAt(since));
  }

  /** Operations that have not ended. They have no keys yet, so a search by key does not find them. */
  #open({ after, before }: { readonly after: string; readonly before: string }): readonly HistoryEntry[] {
    const open = this.#operations.find({ openAt: Number.MAX_SAFE_INTEGER });
    return open.filter(({ id, state }) => !isFinal(state) && id > after && id < before);
  }

  #decisionsIn(
    after: string,
    before: string,
  ): { readonly found: readonly Decision[]; readonly last: string | null } {
    if (!this.#tables.has('decision')) return { found: [], last: null };
    return this.#decisions.list(after, before, mostDecisions);
  }
}

/** Returns the id that sorts last. Null means that there is no id. */
function later(one: string | null, other: string | null): string | null {
  if (one === null || other === null) return one ?? other;
  return one > other ? one : other;
}
