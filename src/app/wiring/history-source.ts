import { setImmediate as breathe } from 'node:timers/promises';
import type { HistorySource } from '../../core/history.ts';
import type { SqliteJournal } from '../../journal/sqlite.ts';

/** The history that a journal holds. */
export function historySource(journal: SqliteJournal): HistorySource {
  return {
    page: (filter, before, most) => journal.page(filter, before, most),
    entries: (prefix) => journal.entries(prefix),
    observed: (since) => journal.observed(since),
  };
}

/**
 * Removes a user's name and addresses from the history. Works in short steps, so that calls are answered
 * meanwhile.
 * @returns how many entries were changed
 * @throws {JournalError}
 */
export async function eraseUser(journal: SqliteJournal, user: string): Promise<number> {
  // Operations that an earlier release stored cannot be found by their user until they are indexed.
  for (let after: string | null = ''; after !== null; await breathe()) after = journal.addKeys(after);
  let erased = 0;
  for (let n = journal.erase(user); n > 0; n = journal.erase(user)) {
    erased += n;
    await breathe();
  }
  return erased;
}
