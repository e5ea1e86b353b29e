/** What the engine works with; times in milliseconds. */
export interface EngineSettings {
  /**
   * How long after an accepted edit a missing `after` makes us look whether the panel refused its own part.
   */
  readonly afterWait: number;
  /** How long an edit the panel reported as done may stay invisible to reads before it counts as undone. */
  readonly visibilityWait: number;
  /** Least time between the two panel reads that must agree before anything is undone. */
  readonly readGap: number;
  /** Least time between the two panel reads that must agree before a new zone's content is sent. */
  readonly contentGap: number;
  /** From `after` to the panel read that confirms; edits in between share it. */
  readonly confirmDelay: number;
  /** After a start, a clock step or a sleep of the machine no undo is decided before this has passed. */
  readonly grace: number;
  /** How far the wall clock must run away from the monotonic one to count as stepped. */
  readonly clockStep: number;
  /** How long a write of unknown outcome may still land. */
  readonly watch: number;
  /** Time for one background step (a read, an undo, a comparison of one zone). */
  readonly stepTimeout: number;
  /** Time for finding out, inside an edit, what a failed write left behind. */
  readonly recheckTimeout: number;
  /** First and longest pause between tries of the same background step. */
  readonly retryFirst: number;
  readonly retryMost: number;
  /** How often all zones are compared; 0 = only on hints. */
  readonly compareEvery: number;
  /**
   * Whether only a zone's owner, his reseller or an administrator has edits written before the panel has made
   * them. It is `off` if the panel itself checks that before it calls us.
   */
  readonly ownerCheck: 'on' | 'off';
}

export const defaultEngineSettings: EngineSettings = {
  afterWait: 5_000,
  visibilityWait: 15_000,
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
  ownerCheck: 'on',
};
