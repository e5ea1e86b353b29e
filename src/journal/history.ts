import { JournalError } from '../core/journal.ts';
import { creates, isOpen, type Operation } from '../core/operation.ts';
import type { FactTable } from './fact-table.ts';
import { octetsTally, unsummedFact, type OperationTable } from './operation-table.ts';
import type { Tallies } from './tallies.ts';

/** What is kept of ended operations. Wall clock, milliseconds since 1970. */
export interface HistoryLimits {
  readonly now: number;
  /** What ended before is dropped. */
  readonly since: number;
  /** Octets above which older operations are dropped sooner. */
  readonly most: number;
  /** What ended after is kept, however many octets there are. */
  readonly recent: number;
}

/** Operations that one step checks. */
const inOneStep = 50;

/**
 * The operations that ended: dropped in small steps, the oldest first. Each step belongs into a transaction.
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
   * Drops what need not be kept any more of the next operations: ended, not on watch, and named by no open
   * operation and no fact.
   * @param after id of the last operation that was checked; empty: none
   * @returns the id to go on behind; null: nothing that follows is old enough
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
      // Ids grow with time.
      if (operation.createdAt >= limit) return null;
      const isEnded = !isOpen(operation, now);
      if (!isEnded || operation.changedAt >= limit || named.has(id)) continue;
      excess -= this.#operations.drop(id);
    }
    return ids.at(-1) ?? null;
  }

  /**
   * Gives the next operations of an earlier release their checksums.
   * @returns the id to go on behind; null: all have one
   * @throws {JournalError}
   */
  addSums(after: string): string | null {
    const until = this.#facts.get(unsummedFact);
    const last = until === null ? null : this.#operations.addSums(after, until, inOneStep);
    if (until !== null && last === null) this.#facts.put(unsummedFact, null);
    return last;
  }

  /**
   * Reads the next operations. @returns the id to go on behind, null: these were the last; and the ids of
   * damaged ones @throws {JournalError}
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

  /** Null: it is damaged; the check tells of it, and nothing says how old it is. */
  #readable(id: string): Operation | null {
    try {
      return this.#operations.get(id);
    } catch (error) {
      if (error instanceof JournalError && error.code === 'journal.unreadable') return null;
      throw error;
    }
  }
}
