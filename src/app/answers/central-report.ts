import type { Problem } from '../../dns/problem.ts';
import type { CentralId } from '../../core/central.ts';
import type { LiveEngine } from '../../core/engine/engine.ts';
import type { VerifyStatus } from '../../centrals/verified/verifier.ts';
import type { Health } from './health.ts';
import type { JournalStatus } from './journal-status.ts';
import type { KnownOwners } from './owner-knowledge.ts';

/** The panel found at the central, if the settings leave its address or kind open. */
interface FoundPanel {
  readonly address: string;
  readonly kind: string;
}

/** State of a central as its journal holds it, with what the journal holds about owners. */
export interface EngineReport extends JournalStatus {
  readonly owners: KnownOwners;
}

/** State of a central that only a running agent knows. */
export interface LiveCentral extends Pick<LiveEngine, 'comparison'> {
  /** Why the circuit breaker sends nothing to the central now; null: requests are sent. */
  readonly blocked: Problem | null;
  /**
   * When owners were last read, and how many edits were left to the panel because of owners, since the agent
   * started.
   */
  readonly owners: Omit<LiveEngine['owners'], keyof KnownOwners>;
  /** Null: the settings name no name servers to ask. */
  readonly verify: VerifyStatus | null;
}

export interface CentralState {
  readonly central: CentralId;
  readonly found: FoundPanel | null;
  /** Null: there is no journal, or it cannot be read. */
  readonly engine: EngineReport | null;
  /** Null: no agent runs. */
  readonly live: LiveCentral | null;
  /** As the running agent knows it, or as one stored it last; null: not known. */
  readonly health: Health | null;
}

/** The state of one central. */
export interface CentralReport extends CentralState {
  /** The central's number in the settings; 1 is `[isp_master]`. */
  readonly number: number;
  /** So many records may be in conflict before an administrator is called for. */
  readonly conflictLimit: number;
}
