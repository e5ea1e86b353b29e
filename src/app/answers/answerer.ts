import type { Central, CentralId } from '../../core/central.ts';
import type { Journal } from '../../core/journal.ts';
import type { LiveView } from '../../centrals/verified/verifier.ts';
import type { Settings } from '../../config/settings.ts';
import type { AgentReport } from '../control/protocol.ts';
import type { Paths } from '../paths.ts';
import type { LiveCentral } from './central-report.ts';
import type { KnownOwners } from './owner-knowledge.ts';

/** What is known of one central: its journal, and what a running agent knows beside it. */
export interface Knowledge {
  readonly central: Central;
  readonly journal: Omit<Journal, 'commit' | 'close'>;
  readonly owners: () => Promise<KnownOwners>;
  /** How the name servers stand to an operation's last write; null: not known. */
  readonly outcome: (operation: string) => LiveView | null;
  /** Null: no agent runs. */
  readonly live: () => LiveCentral | null;
}

/** One central of the panel, whose knowledge is opened for a question and closed after it. */
export interface Source {
  readonly settings: Settings;
  readonly id: () => Promise<CentralId>;
  /** @returns what `body` returns; null: there is no journal yet */
  readonly open: <T>(body: (known: Knowledge) => Promise<T>) => Promise<T | null>;
}

/** Who answers: the agent, or, where none runs, whoever asks. */
export interface Answerer {
  readonly paths: Paths;
  readonly agent: AgentReport;
  /** Empty without usable settings. */
  readonly sources: readonly Source[];
}
