import { existsSync } from 'node:fs';
import { describeProblem } from '../../core/describe.ts';
import { JournalError } from '../../core/journal.ts';
import { everyCentral, loadSettings, type Settings } from '../../config/settings.ts';
import { SqliteJournal } from '../../journal/sqlite.ts';
import { journalPath, type Paths } from '../paths.ts';
import { CommandFailed } from '../command-failed.ts';
import { wireCentral } from '../wiring/wire.ts';
import type { Knowledge, Source } from './readings.ts';

/**
 * The centrals of the settings, known by their journals: for questions while no agent runs.
 * @throws {CommandFailed} with a sentence for the user at the terminal, when a journal is opened too
 */
export function journalSources(paths: Paths): readonly Source[] {
  const loaded = loadSettings(paths.root);
  if (loaded.kind !== 'configured') {
    throw new CommandFailed(
      'The agent is not running and the settings name no central: there is nothing to show.',
    );
  }
  return everyCentral(loaded.settings).map((settings) => ({
    number: settings.number,
    open: (body) => withJournal(paths, settings, body),
  }));
}

async function withJournal<T>(
  paths: Paths,
  settings: Settings,
  body: (known: Knowledge) => Promise<T>,
): Promise<T> {
  const central = await wireCentral(settings, paths.root);
  try {
    const path = journalPath(paths, central.id);
    if (!existsSync(path)) throw new CommandFailed('The agent has not run yet; the next edit starts it.');
    const journal = new SqliteJournal({ path, writer: false });
    try {
      return await body({ central, journal, live: () => null });
    } finally {
      await journal.close();
    }
  } catch (error) {
    if (!(error instanceof JournalError)) throw error;
    throw new CommandFailed(describeProblem({ code: error.code, params: error.params }, 'en'));
  } finally {
    await central.close();
  }
}
