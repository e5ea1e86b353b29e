import { defaultSafetyLimits, type SafetyLimits } from './knowledge/safety-limits.ts';

/** Settings of the engine; all times are in milliseconds. */
export interface EngineSettings {
  /**
   * How long an accepted edit waits for its `after` before panel reads decide whether the panel refused it.
   */
  readonly afterWait: number;
  /**
   * For how long up-to-date reads may lack an edit that the panel reported as done. After that, the edit
   * counts as undone in the panel.
   */
  readonly visibilityWait: number;
  /**
   * For how long panel reads may show an old state. Within this time after the panel reported an edit, a read
   * without the edit proves nothing, unless it shows something newer.
   */
  readonly readLag: number;
  /** Minimum time between the two panel reads that must agree before anything is undone. */
  readonly readGap: number;
  /** Minimum time between the two panel reads that must agree before a new zone's records are sent. */
  readonly contentGap: number;
  /**
   * Time from the `after` of an edit to the panel read that confirms the edit. Further edits in this time
   * share the read.
   */
  readonly confirmDelay: number;
  /** After a start, a step of the clock or a sleep of the machine, nothing is undone for this time. */
  readonly grace: number;
  /** Difference between wall clock and monotonic clock that counts as a step of the wall clock. */
  readonly clockStep: number;
  /**
   * How long a write of unknown outcome may still take effect. The watch of an operation with such a write
   * lasts this long.
   */
  readonly watch: number;
  /** Maximum time for one background step (a read, an undo, a comparison of one zone). */
  readonly stepTimeout: number;
  /** Maximum time, within an edit, to read and undo what a failed write left behind. */
  readonly recheckTimeout: number;
  /** First and longest pause between tries of a failed background step. */
  readonly retryFirst: number;
  readonly retryMost: number;
  /** Time between two comparisons of all zones; 0: there are no periodic comparisons. */
  readonly compareEvery: number;
  /** Time between two reads of the serials of the panel's zones; 0: they are not read. */
  readonly serialsEvery: number;
  /**
   * Whether `before` carries out edits only for a zone's owner, his reseller and administrators. `off` suits
   * a panel that checks access before it calls us.
   */
  readonly ownerCheck: 'on' | 'off';
  /** `observe`: the engine refuses and writes nothing, and reports what it would have done. */
  readonly mode: 'strict' | 'observe';
  readonly limits: SafetyLimits;
}

export const defaultEngineSettings: EngineSettings = {
  afterWait: 5_000,
  visibilityWait: 15_000,
  readLag: 90_000,
  readGap: 5_000,
  contentGap: 300,
  confirmDelay: 200,
  grace: 30_000,
  clockStep: 2_000,
  watch: 600_000,
  stepTimeout: 60_000,
  recheckTimeout: 2_000,
  retryFirst: 1_000,
  retryMost: 60_000,
  compareEvery: 3_600_000,
  serialsEvery: 5_000,
  ownerCheck: 'on',
  mode: 'strict',
  limits: defaultSafetyLimits,
};
