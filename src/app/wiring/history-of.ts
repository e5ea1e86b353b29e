import type { SqliteJournal } from '../../journal/sqlite.ts';
import type { HistorySource } from '../answers/answerer.ts';

/** The history that a journal holds. */
export function historyOf(journal: SqliteJournal): HistorySource {
  return {
    page: (filter, before, most) => journal.page(filter, before, most),
    entries: (prefix) => journal.entries(prefix),
  };
}
