import type { HistoryFilter } from '../../core/history.ts';
import type { Answers } from '../control/protocol.ts';
import type { Paths } from '../paths.ts';
import { askOrRead } from './ask-or-read.ts';

/** Most entries that one question asks for. */
const mostInPage = 500;

/** The part of the history that a user asks for. */
export interface WantedHistory {
  readonly filter: HistoryFilter;
  /** At most this many entries. */
  readonly latest: number;
  /** Number of the central; null: all centrals. */
  readonly central: number | null;
}

/** An entry of the history as the agent reports it. */
export type ShownEntry = Answers['history']['entries'][number];

/**
 * Asks for the newest entries of the history, newest first. Asks page by page, so that no answer is large.
 * @throws {CommandFailed | Unanswerable | DnsDataError | JournalError | SettingsRefused}
 */
export async function* historyEntries(
  paths: Paths,
  { filter, latest, central }: WantedHistory,
): AsyncGenerator<ShownEntry, void, undefined> {
  let before: string | null = null;
  for (let left = latest; left > 0;) {
    const most = Math.min(left, mostInPage);
    const page: Answers['history'] = await askOrRead(paths, 'history', { filter, before, most, central });
    yield* page.entries;
    left -= page.entries.length;
    if (page.next === null) return;
    before = page.next;
  }
}
