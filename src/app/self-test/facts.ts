import type { RegisteredHandlers } from '../../core/panel-hand.ts';
import type { OwnerWay } from '../../core/panel.ts';
import type { SelfTestStep } from './step.ts';

/** Whether a statement holds for the tested panel. */
export type Holds = 'yes' | 'no' | 'not tested';

/** The observations of the self-test. They decide which assumptions hold. */
export interface SelfTestFacts {
  readonly steps: readonly SelfTestStep[];
  /** Record keys that the self-test read from the panel's lists and used in edits. */
  readonly takenKeys: readonly string[];
  /** Record keys that the panel put into its hook calls. */
  readonly sentKeys: readonly string[];
  /** Whether the panel stayed unchanged after we refused a `before`. */
  readonly vetoKept: Holds;
  readonly ttlKept: Holds;
  readonly echoSeen: Holds;
  /**
   * Whether the panel's list of event handlers contains ours, and which of our functions it lacks; null: the
   * panel has no such list.
   */
  readonly registered: RegisteredHandlers | null;
  /**
   * How the panel reports the owners of zones. `not tested`: the panel has no account that could own a zone.
   */
  readonly ownersReported: OwnerWay | 'not tested';
}
