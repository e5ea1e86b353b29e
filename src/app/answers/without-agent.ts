import { everyCentral, loadSettings, type Settings } from '../../config/settings.ts';
import type { Paths } from '../paths.ts';
import { version } from '../version.ts';
import { accountOf, inJournal } from '../wiring/in-journal.ts';
import type { Answerer, Source } from './answerer.ts';
import { historySource } from '../wiring/history-source.ts';
import { healthFact, healthIn, type Health } from './health.ts';
import type { ReadPanel } from './panel-content.ts';
import { wirePanel } from '../wiring/wire.ts';
import { ownersIn, type KnownOwners } from './owner-knowledge.ts';

/** Makes the object that answers questions while no agent runs, from the settings file and the journals. */
export function withoutAgent(paths: Paths): Answerer {
  const loaded = loadSettings(paths.root);
  const problems = loaded.kind === 'broken' ? loaded.problems : [];
  const agent = { pid: null, version, memory: null, state: 'not-running', problems, pending: [] } as const;
  const centrals = loaded.kind === 'configured' ? everyCentral(loaded.settings) : [];
  return { paths, agent, sources: centrals.map((settings) => sourceOf(paths, settings)) };
}

function sourceOf(paths: Paths, settings: Settings): Source {
  const nothingFromAgent = { outcome: () => null, fromAgent: () => null };
  return {
    settings,
    id: () => accountOf(paths, settings),
    open: (body) =>
      inJournal(paths, settings, (journal, central) => {
        const owners = async (): Promise<KnownOwners> => await ownersIn(journal, settings.ownerCheck);
        const health = async (): Promise<Health | null> => healthIn(await journal.fact(healthFact));
        const history = historySource(journal);
        const readPanel = readPanelAt(paths);
        return body({ central, journal, history, owners, health, readPanel, ...nothingFromAgent });
      }),
  };
}

/**
 * Makes a function that reads zones from the panel. While no agent runs, the panel is not waiting for an
 * answer of ours, so it can be read.
 */
function readPanelAt({ root }: Paths): ReadPanel {
  return async (zone) => {
    const panel = await wirePanel(root);
    return await panel.readZone(zone, { signal: AbortSignal.timeout(panelPatience), operation: '-' });
  };
}

/** How long one read of the panel may take, milliseconds. */
const panelPatience = 30_000;
