import type { Problem } from '../../dns/problem.ts';
import type { CentralId } from '../../core/central.ts';
import type { LiveEngine } from '../../core/engine/engine.ts';
import type { VerifyStatus } from '../../centrals/verified/verifier.ts';
import type { JournalStatus } from './journal-status.ts';
import type { KnownOwners } from './owner-knowledge.ts';

/** Which panel a central turned out to be, where the settings leave that open. */
interface FoundPanel {
  readonly address: string;
  readonly kind: string;
}

/** What the journal of a central reports, and what is remembered of owners. */
export interface EngineReport extends JournalStatus {
  readonly owners: KnownOwners;
}

/** What only a running agent knows of a central. */
export interface LiveCentral extends Pick<LiveEngine, 'comparison'> {
  /** Why nothing is sent to it at the moment; null while it is. */
  readonly blocked: Problem | null;
  /** Since the start. */
  readonly owners: Omit<LiveEngine['owners'], keyof KnownOwners>;
  /** Null where no name servers are asked. */
  readonly verify: VerifyStatus | null;
}

export interface CentralState {
  readonly central: CentralId;
  readonly found: FoundPanel | null;
  /** Null: there is no journal that can be read. */
  readonly engine: EngineReport | null;
  /** Null: no agent runs. */
  readonly live: LiveCentral | null;
}

/** One central of the panel. */
export interface CentralReport extends CentralState {
  /** As in the settings: 1 is `[isp_master]`. */
  readonly number: number;
}
