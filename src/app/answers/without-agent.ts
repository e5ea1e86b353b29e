import { everyCentral, loadSettings, type Settings } from '../../config/settings.ts';
import type { Paths } from '../paths.ts';
import { version } from '../version.ts';
import { accountOf, inJournal } from '../wiring/in-journal.ts';
import type { Answerer, Source } from './answerer.ts';
import { historySource } from '../wiring/history-source.ts';
import { ownersIn, type KnownOwners } from './owner-knowledge.ts';

/** Answers questions while no agent runs, from the settings file and the journals of its centrals. */
export function withoutAgent(paths: Paths): Answerer {
  const loaded = loadSettings(paths.root);
  const problems = loaded.kind === 'broken' ? loaded.problems : [];
  const agent = { pid: null, version, memory: null, state: 'not-running', problems, pending: [] } as const;
  const centrals = loaded.kind === 'configured' ? everyCentral(loaded.settings) : [];
  return { paths, agent, sources: centrals.map((settings) => sourceOf(paths, settings)) };
}

function sourceOf(paths: Paths, settings: Settings): Source {
  const nothingLive = { outcome: () => null, live: () => null };
  return {
    settings,
    id: () => accountOf(paths, settings),
    open: (body) =>
      inJournal(paths, settings, (journal, central) => {
        const owners = async (): Promise<KnownOwners> => await ownersIn(journal, settings.ownerCheck);
        return body({ central, journal, history: historySource(journal), owners, ...nothingLive });
      }),
  };
}
