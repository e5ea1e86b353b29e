import { JournalError } from '../core/journal.ts';
import { creates, isOpen, type Operation } from '../core/operation.ts';
import { idAt } from '../core/history.ts';
import type { DecisionTable } from './decision-table.ts';
import type { FactTable } from './fact-table.ts';
import { unkeyedFact } from './history-index.ts';
import { octetsTally, unsummedFact, type OperationTable } from './operation-table.ts';
import type { Tallies } from './tallies.ts';

/** Limits that decide which ended operations are kept. Times are wall clock, milliseconds since 1970. */
export interface HistoryLimits {
  readonly now: number;
  /** Operations that ended before this time are dropped. */
  readonly since: number;
  /**
   * If ended operations take more octets than this in total, the oldest are dropped too. Those that ended
   * after `recent` stay.
   */
  readonly most: number;
  /** Operations that ended after this time are kept, however many octets they take. */
  readonly recent: number;
}

/** Limits for accounts, addresses and decisions: wall clock, milliseconds since 1970. */
export interface PersonLimits {
  /** Entries older than this time lose their account and address. */
  readonly person: number;
  /** Decisions older than this time are dropped. */
  readonly since: number;
}

/** A text that sorts after every id. */
const end = '\u{10ffff}';

/** Maximum number of operations that one step handles. */
const inOneStep = 50;

/**
 * Drops old operations, checks stored operations, and adds missing checksums and keys. All of this is done in
 * small steps, from the oldest operation to the newest. The caller runs each step that writes in a
 * transaction.
 */
export class History {
  readonly #operations: OperationTable;
  readonly #facts: FactTable;
  readonly #tallies: Tallies;
  readonly #decisions: DecisionTable;

  constructor(operations: OperationTable, facts: FactTable, tallies: Tallies, decisions: DecisionTable) {
    this.#operations = operations;
    this.#decisions = decisions;
    this.#facts = facts;
    this.#tallies = tallies;
  }

  /**
   * Handles the next operations and drops those that ended long enough ago. Keeps operations that are on
   * watch, and those to which an open operation or a fact refers.
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
      // Ids grow with time, so all operations after this one are younger.
      if (operation.createdAt >= limit) return null;
      const isEnded = !isOpen(operation, now);
      if (!isEnded || operation.changedAt >= limit || named.has(id)) continue;
      excess -= this.#operations.drop(id);
    }
    return ids.at(-1) ?? null;
  }

  /**
   * Adds checksums to the next operations that an earlier release stored without checksums.
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
   * Writes the history keys of the next operations that an earlier release stored without keys.
   * @returns the `after` of the next call; null: no operation lacks its keys
   * @throws {JournalError}
   */
  addKeys(after: string): string | null {
    const until = this.#facts.get(unkeyedFact);
    const last = until === null ? null : this.#operations.addKeys(after, until, inOneStep);
    if (until !== null && last === null) this.#facts.put(unkeyedFact, null);
    return last;
  }

  /**
   * Removes an account and its addresses from the next ended operations and decisions that name the account.
   * @returns how many operations or decisions were changed; 0: none is left
   * @throws {JournalError}
   */
  erase(user: string): number {
    const operations = this.#operations.erase(user, end, inOneStep);
    return operations > 0 ? operations : this.#decisions.erase({ actor: user }, inOneStep);
  }

  /**
   * Removes accounts and addresses from entries that are older than `person`, and drops decisions that are
   * older than `since`.
   * @param after result of the previous call; empty: start with the first account
   * @returns the `after` of the next call; null: no entry is left to change
   * @throws {JournalError}
   */
  forgetPersons(after: string, { person, since }: PersonLimits): string | null {
    const user = this.#operations.nextUser(after === '' ? null : after.slice(1));
    if (user === null) {
      this.#decisions.dropBefore(idAt(since));
      return this.#decisions.erase({ before: idAt(person) }, inOneStep) > 0 ? after : null;
    }
    const isMore = this.#operations.erase(user, idAt(person), inOneStep) === inOneStep;
    // The letter `u` distinguishes an account with an empty name from the empty text that means the start.
    return isMore ? after : `u${user}`;
  }

  /**
   * Reads the next operations from the file and checks them.
   * @returns `last`: the `after` of the next call, null after the last operation; `damaged`: ids of the
   *   damaged operations
   * @throws {JournalError}
   */
  check(after: string): { readonly last: string | null; readonly damaged: readonly string[] } {
    const ids = this.#operations.ids(after, inOneStep);
    return { last: ids.at(-1) ?? null, damaged: ids.filter((id) => this.#isDamaged(id)) };
  }

  /** Returns the given ids to which an open operation or a fact refers. */
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

  /**
   * Reads an operation; null: it is damaged, or there is none. A damaged operation is kept, because its age
   * is unknown; {@link check} reports it.
   */
  #readable(id: string): Operation | null {
    try {
      return this.#operations.get(id);
    } catch (error) {
      if (error instanceof JournalError && error.code === 'journal.unreadable') return null;
      throw error;
    }
  }
}
