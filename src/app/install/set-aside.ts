import { existsSync, readdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { JournalError } from '../../core/journal.ts';
import { asideFact } from '../../core/journal-doubts.ts';
import { SqliteJournal } from '../../journal/sqlite.ts';
import type { Paths } from '../paths.ts';

/** Error codes that say that another process has a journal open. The journal itself is sound. */
const inUse: ReadonlySet<string> = new Set(['journal.in-use', 'journal.locked']);

/**
 * Marks the ledgers of all centrals as outdated. The next agent then takes a new baseline, as for an older
 * copy of a journal (docs/decisions/016-older-journals.md). The history stays. A journal that cannot be
 * written is renamed, so that the next agent begins a new one. Call this only after the agent has ended.
 * @returns the new names of the journals that were renamed
 * @throws {JournalError} another process uses a journal
 */
export async function setLedgersAside({ state }: Paths): Promise<string[]> {
  if (!existsSync(state)) return [];
  const renamed: string[] = [];
  for (const name of readdirSync(state).filter((one) => one.endsWith('.db'))) {
    const path = join(state, name);
    try {
      await markForgotten(path);
    } catch (error) {
      const isInUse = error instanceof JournalError && inUse.has(error.code);
      if (!(error instanceof JournalError) || isInUse) throw error;
      renamed.push(...rename(state, name));
    }
  }
  return renamed;
}

async function markForgotten(path: string): Promise<void> {
  const journal = new SqliteJournal({ path, writer: true });
  try {
    await journal.commit({ facts: { [asideFact]: String(Date.now()) } });
  } finally {
    await journal.close();
  }
}

/** Renames a journal and the files that belong to it. @returns the new path of the journal */
function rename(state: string, name: string): string[] {
  const mark = `.aside-${Date.now()}`;
  for (const other of readdirSync(state).filter((one) => one.startsWith(name) && !one.includes('.aside-')))
    renameSync(join(state, other), join(state, `${other}${mark}`));
  return [join(state, `${name}${mark}`)];
}
