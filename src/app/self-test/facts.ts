import type { RegisteredHandlers } from '../../core/panel-hand.ts';
import type { OwnerWay } from '../../core/panel.ts';
import type { SelfTestStep } from './step.ts';

/** Whether something holds for the panel that was checked. */
export type Holds = 'yes' | 'no' | 'not tested';

/** What was seen of the panel, for judging what we take for granted. */
export interface SelfTestFacts {
  readonly steps: readonly SelfTestStep[];
  /** Keys that were taken from the panel's lists and used in edits. */
  readonly takenKeys: readonly string[];
  /** Record keys as its calls carried them. */
  readonly sentKeys: readonly string[];
  /** Whether a refused `before` left the panel as it was. */
  readonly vetoKept: Holds;
  readonly ttlKept: Holds;
  readonly echoSeen: Holds;
  /** What the panel lists our handlers as registered for; null: it has no such list. */
  readonly registered: RegisteredHandlers | null;
  /** How the panel reports whose a zone is; `not tested` where it has no account that could own one. */
  readonly ownersReported: OwnerWay | 'not tested';
}
