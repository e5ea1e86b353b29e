import type { Problem } from '../../dns/problem.ts';
import type { CentralId } from '../../core/central.ts';
import type { LiveEngine } from '../../core/engine/engine.ts';
import type { VerifyStatus } from '../../centrals/verified/verifier.ts';
import type { Health } from './health.ts';
import type { JournalStatus } from './journal-status.ts';
import type { KnownOwners } from './owner-knowledge.ts';

/**
 * Address and kind of the panel at the central, as domainsync found them because the settings do not name
 * them.
 */
interface FoundPanel {
  readonly address: string;
  readonly kind: string;
}

/** The state of a central, as its journal stores it. The owners of zones are included. */
export interface EngineReport extends JournalStatus {
  readonly owners: KnownOwners;
}

/** The part of a central's state that only a running agent knows. */
export interface FromAgent extends Pick<LiveEngine, 'comparison'> {
  /** Why the agent sends no requests to the central now, after failures; null: it does send requests. */
  readonly blocked: Problem | null;
  /** Whether the central refused the password of the settings, and accepted the next one. */
  readonly nextPassword: boolean;
  /**
   * When the owners of zones were last read. Also how many edits were left to the panel because of owners
   * since the agent started.
   */
  readonly owners: Omit<LiveEngine['owners'], keyof KnownOwners>;
  /** State of the checks at the name servers; null: the settings name no name servers. */
  readonly verify: VerifyStatus | null;
}

export interface CentralState {
  readonly central: CentralId;
  readonly found: FoundPanel | null;
  /** The data in the journal; null: there is no journal, or it cannot be read. */
  readonly engine: EngineReport | null;
  /** Data that only the running agent has; null: no agent runs. */
  readonly fromAgent: FromAgent | null;
  /** The health as the running agent knows it, or as the last agent stored it; null: not known. */
  readonly health: Health | null;
}

/** The findings of an engine that only observes. */
export interface ObservingReport {
  /** When the observing began: wall clock, milliseconds since 1970; null: it has not begun yet. */
  readonly since: number | null;
  /** Edits of the last day, and how many of them would have been refused. */
  readonly edits: number;
  readonly refused: number;
}

/** The state of one central. */
export interface CentralReport extends CentralState {
  /** The central's number in the settings; 1 is `[isp_master]`. */
  readonly number: number;
  /** Whether there is a journal, readable or not. False: the agent has not made one yet. */
  readonly hasJournal: boolean;
  /** Most records that may be in conflict before an administrator has to look at the panel. */
  readonly conflictLimit: number;
  /** Null: domainsync is not in mode `observe`. */
  readonly observing: ObservingReport | null;
}
