import type { Central, CentralId } from '../../core/central.ts';
import type { HistorySource } from '../../core/history.ts';
import type { Journal } from '../../core/journal.ts';
import type { LiveView } from '../../centrals/verified/verifier.ts';
import type { Settings } from '../../config/settings.ts';
import type { AgentReport } from '../control/protocol.ts';
import type { Paths } from '../paths.ts';
import type { ReadPanel } from './panel-content.ts';
import type { LiveCentral } from './central-report.ts';
import type { Health } from './health.ts';
import type { KnownOwners } from './owner-knowledge.ts';

/** Sources for questions about one central: its journal, and the state of a running agent. */
export interface Knowledge {
  readonly central: Central;
  readonly journal: Omit<Journal, 'commit' | 'close'>;
  readonly history: HistorySource;
  readonly owners: () => Promise<KnownOwners>;
  /** Whether the name servers serve the last write of an operation; null: not known. */
  readonly outcome: (operation: string) => LiveView | null;
  /** Null: no agent runs. */
  readonly live: () => LiveCentral | null;
  /** As the running agent knows it, or as one stored it last; null: none has. @throws {JournalError} */
  readonly health: () => Promise<Health | null>;
  readonly readPanel: ReadPanel;
}

/** One central of the panel. `open` runs a question with its sources, and closes them afterwards. */
export interface Source {
  readonly settings: Settings;
  readonly id: () => Promise<CentralId>;
  /** @returns what `body` returns; null: there is no journal yet */
  readonly open: <T>(body: (known: Knowledge) => Promise<T>) => Promise<T | null>;
}

/** What the answering program knows. That program is the agent or, if none runs, the command itself. */
export interface Answerer {
  readonly paths: Paths;
  readonly agent: AgentReport;
  /** One for each central; empty if the settings cannot be used. */
  readonly sources: readonly Source[];
}
