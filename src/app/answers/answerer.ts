import type { Central, CentralId } from '../../core/central.ts';
import type { HistorySource } from '../../core/history.ts';
import type { Journal } from '../../core/journal.ts';
import type { LiveView } from '../../centrals/verified/verifier.ts';
import type { Settings } from '../../config/settings.ts';
import type { AgentReport } from '../control/protocol.ts';
import type { Paths } from '../paths.ts';
import type { ReadPanel } from './panel-content.ts';
import type { FromAgent } from './central-report.ts';
import type { Health } from './health.ts';
import type { KnownOwners } from './owner-knowledge.ts';

/**
 * The parts with which questions about one central are answered: its journal, and the state of a running
 * agent.
 */
export interface Knowledge {
  readonly central: Central;
  readonly journal: Omit<Journal, 'commit' | 'close'>;
  readonly history: HistorySource;
  readonly owners: () => Promise<KnownOwners>;
  /** Whether the name servers serve the last write of an operation; null: not known. */
  readonly outcome: (operation: string) => LiveView | null;
  /** The state of the running agent; null: no agent runs. */
  readonly fromAgent: () => FromAgent | null;
  /**
   * The health as the running agent knows it, or as the last agent stored it; null: none is stored.
   * @throws {JournalError}
   */
  readonly health: () => Promise<Health | null>;
  readonly readPanel: ReadPanel;
}

/** One central of the panel. `open` opens its journal, passes it to `body`, and closes it afterwards. */
export interface Source {
  readonly settings: Settings;
  readonly id: () => Promise<CentralId>;
  /** Calls `body` with the opened journal. @returns the result of `body`; null: there is no journal yet */
  readonly open: <T>(body: (known: Knowledge) => Promise<T>) => Promise<T | null>;
}

/**
 * The parts with which questions about a panel are answered. The agent makes them or, if no agent runs, the
 * command itself.
 */
export interface Answerer {
  readonly paths: Paths;
  readonly agent: AgentReport;
  /** One source for each central; empty if the settings cannot be used. */
  readonly sources: readonly Source[];
}
