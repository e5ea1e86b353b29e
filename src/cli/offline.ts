import { existsSync } from 'node:fs';
import { zoneName, type DnsName } from '../dns/name.ts';
import type { Central } from '../core/central.ts';
import { JournalError } from '../core/journal.ts';
import { describeProblem } from '../core/describe.ts';
import { everyCentral, loadSettings, type Settings } from '../config/settings.ts';
import { SqliteJournal } from '../journal/sqlite.ts';
import { journalPath, type Paths } from '../app/paths.ts';
import { eachTold, listTold, newestTold, type OfCentral } from '../app/answers/told.ts';
import { wireCentral } from '../app/wiring/wire.ts';
import { lookAtSigning } from '../app/answers/zone-signing.ts';
import { askAgent, AskFailed, NoAgent } from './ask.ts';
import type { ZoneReport } from './show.ts';

/** Questions that the journal alone can answer; `central`: the number of the only one that is meant. */
export type Question = (
  | { readonly do: 'zones' }
  | { readonly do: 'zone'; readonly zone: string }
  | { readonly do: 'history'; readonly latest: number }
  | { readonly do: 'operation'; readonly prefix: string }
) & { readonly central: number | null };

/**
 * Asks the agent, or, when none is running, looks into its journals.
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
  const all = everyCentral(loaded.settings);
  const chosen = chosenCentrals(all, question.central);
  const several = all.length > 1;
  switch (question.do) {
    case 'zones':
      return listTold(await atEach(paths, chosen, (journal) => journal.zones()), several);
    case 'zone': {
      const zone = zoneName(question.zone);
      const seen = await atEach(paths, chosen, (journal, central) => zoneAt(journal, central, zone));
      return eachTold(seen, several);
    }
    case 'history': {
      const { latest } = question;
      const found = await atEach(paths, chosen, (journal) => journal.operations({ latest }));
      return newestTold(found, several, latest);
    }
    case 'operation': {
      const { prefix } = question;
      return listTold(await atEach(paths, chosen, (journal) => journal.operations({ prefix })), several);
    }
  }
}

/**
 * The centrals of the settings that are meant.
 * @param number null: all of them
 * @throws {AskFailed} when there is none of that number
 */
export function chosenCentrals(all: readonly Settings[], number: number | null): readonly Settings[] {
  const chosen = all.filter((one) => number === null || one.number === number);
  if (chosen.length > 0) return chosen;
  throw new AskFailed(`The settings have no central ${number}: ${all.map((one) => one.number).join(', ')}.`);
}

async function atEach<T>(
  paths: Paths,
  chosen: readonly Settings[],
  ask: (journal: SqliteJournal, central: Central) => Promise<T>,
): Promise<readonly OfCentral<T>[]> {
  const found: OfCentral<T>[] = [];
  for (const settings of chosen) {
    const central = await wireCentral(settings, paths.root);
    try {
      const value = await lookInto(paths, central, (journal) => ask(journal, central));
      found.push({ number: settings.number, id: central.id, value });
    } finally {
      await central.close();
    }
  }
  return found;
}

async function lookInto<T>(
  paths: Paths,
  central: Central,
  ask: (journal: SqliteJournal) => Promise<T>,
): Promise<T> {
  const path = journalPath(paths, central.id);
  if (!existsSync(path)) throw new AskFailed('The agent has not run yet; the next edit starts it.');
  try {
    const journal = new SqliteJournal({ path, writer: false });
    try {
      return await ask(journal);
    } finally {
      await journal.close();
    }
  } catch (error) {
    if (!(error instanceof JournalError)) throw error;
    throw new AskFailed(describeProblem({ code: error.code, params: error.params }, 'en'));
  }
}

async function zoneAt(journal: SqliteJournal, central: Central, zone: DnsName): Promise<ZoneReport> {
  const [entry, rows] = [await journal.zone(zone), await journal.rows(zone)];
  const open = await journal.operations({ zone, openAt: Date.now() });
  return { entry, rows, open, signing: entry === null ? null : await lookAtSigning(central, zone) };
}
