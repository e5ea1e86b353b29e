import { existsSync } from 'node:fs';
import { zoneName } from '../dns/name.ts';
import type { Central } from '../core/central.ts';
import { JournalError } from '../core/journal.ts';
import { describeProblem } from '../core/describe.ts';
import { loadSettings } from '../config/settings.ts';
import { SqliteJournal } from '../journal/sqlite.ts';
import { journalPath, type Paths } from '../app/paths.ts';
import { wireCentral } from '../app/wire.ts';
import { lookAtSigning } from '../app/zone-signing.ts';
import { askAgent, AskFailed, NoAgent } from './ask.ts';

/** Questions that the journal alone can answer. */
export type Question =
  | { readonly do: 'zones' }
  | { readonly do: 'zone'; readonly zone: string }
  | { readonly do: 'history'; readonly latest: number }
  | { readonly do: 'operation'; readonly prefix: string };

/**
 * Asks the agent, or, when none is running, looks into its journal.
 * @throws {AskFailed} with a sentence for the person at the terminal
 */
export async function askOrLook(paths: Paths, question: Question): Promise<unknown> {
  try {
    return await askAgent(paths.socket, { ...question });
  } catch (error) {
    if (!(error instanceof NoAgent)) throw error;
    return await look(paths, question);
  }
}

async function look(paths: Paths, question: Question): Promise<unknown> {
  const loaded = loadSettings(paths.root);
  if (loaded.kind !== 'configured') {
    throw new AskFailed(
      'The agent is not running and the settings name no central: there is nothing to show.',
    );
  }
  const central = await wireCentral(loaded.settings, paths.root);
  try {
    return await lookInto(paths, central, question);
  } finally {
    await central.close();
  }
}

async function lookInto(paths: Paths, central: Central, question: Question): Promise<unknown> {
  const path = journalPath(paths, central.id);
  if (!existsSync(path)) throw new AskFailed('The agent has not run yet; the next edit starts it.');
  try {
    const journal = new SqliteJournal({ path, writer: false });
    try {
      return await answer(journal, central, question);
    } finally {
      await journal.close();
    }
  } catch (error) {
    if (!(error instanceof JournalError)) throw error;
    throw new AskFailed(describeProblem({ code: error.code, params: error.params }, 'en'));
  }
}

async function answer(journal: SqliteJournal, central: Central, question: Question): Promise<unknown> {
  switch (question.do) {
    case 'zones':
      return await journal.zones();
    case 'zone': {
      const zone = zoneName(question.zone);
      const [entry, rows] = [await journal.zone(zone), await journal.rows(zone)];
      const open = await journal.operations({ zone, openAt: Date.now() });
      return { entry, rows, open, signing: entry === null ? null : await lookAtSigning(central, zone) };
    }
    case 'history':
      return await journal.operations({ latest: question.latest });
    case 'operation':
      return await journal.operations({ prefix: question.prefix });
  }
}
