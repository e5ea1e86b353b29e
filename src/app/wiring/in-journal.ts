import { existsSync } from 'node:fs';
import type { Central, CentralId } from '../../core/central.ts';
import type { Settings } from '../../config/settings.ts';
import { SqliteJournal } from '../../journal/sqlite.ts';
import { journalPath, type Paths } from '../paths.ts';
import { wireCentral } from './wire.ts';

/**
 * Opens a central's journal for reading, whether or not an agent runs.
 * @returns what `body` returns; null: there is no journal yet
 * @throws {JournalError | SettingsRefused}
 */
export async function inJournal<T>(
  paths: Paths,
  settings: Settings,
  body: (journal: SqliteJournal, central: Central) => Promise<T>,
): Promise<T | null> {
  const central = await wireCentral(settings, paths.root);
  try {
    const path = journalPath(paths, central.id);
    if (!existsSync(path)) return null;
    const journal = new SqliteJournal({ path, writer: false });
    try {
      return await body(journal, central);
    } finally {
      await journal.close();
    }
  } finally {
    await central.close();
  }
}

/** Identifies the account that the settings name. Does not contact the central. @throws {SettingsRefused} */
export async function accountOf({ root }: Paths, settings: Settings): Promise<CentralId> {
  const central = await wireCentral(settings, root);
  await central.close();
  return central.id;
}
