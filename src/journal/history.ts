import { JournalError } from '../core/journal.ts';
import { creates, isOpen, type Operation } from '../core/operation.ts';
import type { FactTable } from './fact-table.ts';
import { unkeyedFact } from './history-index.ts';
import { octetsTally, unsummedFact, type OperationTable } from './operation-table.ts';
import type { Tallies } from './tallies.ts';

/** Decides which ended operations are kept. Times are wall clock, milliseconds since 1970. */
export interface HistoryLimits {
  readonly now: number;
  /** An operation that ended before this time is dropped. */
  readonly since: number;
  /** If ended operations take more octets than this, the oldest are dropped sooner. */
  readonly most: number;
  /** An operation that ended after this time is kept, however many octets there are. */
  readonly recent: number;
}

/** How many operations one step handles. */
const inOneStep = 50;

/**
 * Upkeep of stored operations in small steps, the oldest operation first. The caller runs each step that
 * writes in a transaction.
 */
export class History {
  readonly #operations: OperationTable;
  readonly #facts: FactTable;
  readonly #tallies: Tallies;

  constructor(operations: OperationTable, facts: FactTable, tallies: Tallies) {
    this.#operations = operations;
    this.#facts = facts;
    this.#tallies = tallies;
  }

  /**
   * Of the next operations, drops those that ended long enough ago. It keeps one that is on watch, or that an
   * open operation or a fact refers to.
   * @param after id of the last operation that was handled; empty: start with the oldest
   * @returns the `after` of the next call; null: no later operation is old enough
   * @throws {JournalError}
   */
  prune(after: string, { now, since, most, recent }: HistoryLimits): string | null {
    const ids = this.#operations.ids(after, inOneStep);
    let excess = this.#tallies.get(octetsTally) - most;
    const named = this.#named(ids, now);
    for (const id of ids) {
      const operation = this.#readable(id);
      if (operation === null) continue;
      const limit = excess > 0 ? Math.max(recent, since) : since;
      // Ids grow with time, so all operations that follow are younger.
      if (operation.createdAt >= limit) return null;
      const isEnded = !isOpen(operation, now);
      if (!isEnded || operation.changedAt >= limit || named.has(id)) continue;
      excess -= this.#operations.drop(id);
    }
    return ids.at(-1) ?? null;
  }

  /**
   * Adds checksums to the next operations that an earlier release wrote.
   * @returns the `after` of the next call; null: all operations have a checksum
   * @throws {JournalError}
   */
  addSums(after: string): string | null {
    const until = this.#facts.get(unsummedFact);
    const last = until === null ? null : this.#operations.addSums(after, until, inOneStep);
    if (until !== null && last === null) this.#facts.put(unsummedFact, null);
    return last;
  }

  /**
   * Writes the keys of the next operations that an earlier release wrote.
   * @returns the `after` of the next call; null: all operations have theirs
   * @throws {JournalError}
   */
  addKeys(after: string): string | null {
    const until = this.#facts.get(unkeyedFact);
    const last = until === null ? null : this.#operations.addKeys(after, until, inOneStep);
    if (until !== null && last === null) this.#facts.put(unkeyedFact, null);
    return last;
  }

  /**
   * Reads the next operations from the file and checks them.
   * @returns `last`: the `after` of the next call, null after the last operation; `damaged`: ids of damaged
   *   ones
   * @throws {JournalError}
   */
  check(after: string): { readonly last: string | null; readonly damaged: readonly string[] } {
    const ids = this.#operations.ids(after, inOneStep);
    return { last: ids.at(-1) ?? null, damaged: ids.filter((id) => this.#isDamaged(id)) };
  }

  /** Those of the ids that an open operation or a fact refers to. */
  #named(ids: readonly string[], now: number): ReadonlySet<string> {
    const open = creates(this.#operations.find({ openAt: now }));
    const cancelled = open.flatMap(({ cancels }) => (cancels === null ? [] : [cancels]));
    return new Set([...cancelled, ...this.#facts.valuesAmong(ids)]);
  }

  #isDamaged(id: string): boolean {
    try {
      this.#operations.check(id);
      return false;
    } catch (error) {
      if (error instanceof JournalError && error.code === 'journal.unreadable') return true;
      throw error;
    }
  }

  /** The operation, or null if it is damaged: its age is unknown, so it is kept. {@link check} reports it. */
  #readable(id: string): Operation | null {
    try {
      return this.#operations.get(id);
    } catch (error) {
      if (error instanceof JournalError && error.code === 'journal.unreadable') return null;
      throw error;
    }
  }
}
