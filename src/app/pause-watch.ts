import type { ComparisonHealth } from '../core/engine/parts/rounds.ts';
import type { PauseFiles } from './pause.ts';

/**
 * The comparison after a pause counts as complete only this long (ms) after the end of the pause. Each zone
 * must be compared twice to prove a removal.
 */
const leastTime = 600_000;

/**
 * Finds out whether there is a pause, and whether the comparison after a pause is still to be made. A pause
 * ends when its time runs out, when `resume` ends it, or when somebody removes its file. While a flag file
 * exists, no agent has noticed the end of the pause. A second file then replaces the flag file until the
 * comparison is complete. So the comparison is made even if the agent is killed.
 */
export class PauseWatch {
  readonly #files: PauseFiles;
  readonly #wall: () => number;
  /**
   * When the last pause ran out: milliseconds since 1970. With this, each such pause leads to only one
   * comparison.
   */
  #ranOutAt: number | null = null;
  /** Whether the pause's file existed when this object last looked. */
  #was = false;
  /** Whether this object has ever seen a pause that had not ended. */
  #sawOn = false;
  /**
   * Whether the comparison that an earlier agent did not complete was requested again, or none is missing.
   */
  #isRepeated = false;
  /**
   * When {@link takeEnd} last returned an end: milliseconds since 1970. Null: it has returned none, or the
   * comparison after that end is complete.
   */
  #takenAt: number | null = null;

  /** @param wall the wall clock, milliseconds since 1970 */
  constructor(files: PauseFiles, wall: () => number) {
    this.#files = files;
    this.#wall = wall;
  }

  /** Whether there is a pause at this moment. */
  isPaused(): boolean {
    const end = this.#files.end();
    this.#was ||= end !== null;
    const isOn = end !== null && this.#wall() < end;
    this.#sawOn ||= isOn;
    return isOn;
  }

  /**
   * Whether comparisons have to wait: there is a pause, or {@link takeEnd} has not returned its end yet.
   * Records that users removed in the panel during a pause are removed at the central only by the comparison
   * after the pause.
   */
  isHolding(): boolean {
    if (this.isPaused() || (!this.#isRepeated && this.#files.isFollowing())) return true;
    const end = this.#files.end();
    return end === null ? this.#was || this.#isFlagged : end !== this.#ranOutAt && this.#isNew;
  }

  /**
   * Returns the end of a pause, each end only once. The caller then starts the comparison after the pause.
   * @returns `anew`: a pause has ended since the last call. `again`: an earlier agent noticed the end of a
   * pause, but did not complete the comparison. Null: neither
   */
  takeEnd(): 'anew' | 'again' | null {
    const end = this.#files.end();
    const ranOut = end !== null && end <= this.#wall() && end !== this.#ranOutAt;
    if (ranOut) this.#ranOutAt = end;
    const isRemoved = end === null && this.#was;
    this.#was = end !== null;
    const isOver = (ranOut && this.#isNew) || isRemoved || (end === null && this.#isFlagged);
    const isLeft = !this.#isRepeated && this.#files.isFollowing();
    if (!isOver && !isLeft) return null;
    this.#isRepeated = true;
    this.#takenAt = this.#wall();
    if (!isOver) return 'again';
    this.#sawOn = false;
    this.#files.takeFlag();
    return 'anew';
  }

  /**
   * Whether {@link takeEnd} has returned an end and the comparison after it may not be complete. A new engine
   * then has to make the comparison again.
   */
  get isUnsettled(): boolean {
    return this.#takenAt !== null;
  }

  /**
   * Checks whether the comparison after a pause is complete. If so, a later agent does not repeat it.
   * @param all the state of comparisons at each central
   */
  settle(all: readonly ComparisonHealth[]): void {
    const since = this.#takenAt;
    if (since === null || this.#wall() - since < leastTime) return;
    if (!all.every((one) => isDone(one, since))) return;
    this.#takenAt = null;
    this.#files.removeFollowing();
  }

  get #isFlagged(): boolean {
    return this.#files.hasFlag();
  }

  /** Whether a pause has run out and no agent has noticed its end. */
  get #isNew(): boolean {
    return this.#isFlagged || this.#sawOn;
  }
}

function isDone({ problem, completeAt, failingZones }: ComparisonHealth, since: number): boolean {
  return problem === null && failingZones === 0 && completeAt !== null && completeAt >= since;
}
