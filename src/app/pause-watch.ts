import type { ComparisonHealth } from '../core/engine/parts/rounds.ts';
import type { PauseFiles } from './pause.ts';

/**
 * Least time from the end of a pause until its comparison counts as made, milliseconds. Two comparisons of a
 * zone prove a removal.
 */
const leastTime = 600_000;

/**
 * What the agent knows of the pause. A pause ends when its time runs out, when `resume` ends it, or when
 * somebody removes the pause's file. A flag file tells that an end is to be taken. A second file lasts from
 * then until the comparison that follows is made, so that it follows even if the agent is killed.
 */
export class PauseWatch {
  readonly #files: PauseFiles;
  readonly #wall: () => number;
  /**
   * When the last pause ran out: milliseconds since 1970. Kept so that each such pause is followed by only
   * one comparison.
   */
  #ranOutAt: number | null = null;
  /** Whether there was a file of a pause when this object last looked. */
  #was = false;
  /** Whether this object has seen a pause that was on. */
  #sawOn = false;
  /** Whether a comparison that an earlier agent did not complete was asked for again, or needs not be. */
  #isRepeated = false;
  /**
   * When the last end was taken: milliseconds since 1970. Null: its comparison is made, or no end was taken.
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
   * Whether comparisons have to wait: there is a pause, or its end was not taken yet. What the panel's users
   * removed in a pause is removed at the central only by the comparison that follows the pause.
   */
  isHolding(): boolean {
    if (this.isPaused() || (!this.#isRepeated && this.#files.isFollowing())) return true;
    const end = this.#files.end();
    return end === null ? this.#was || this.#isFlagged : end !== this.#ranOutAt && this.#isNew;
  }

  /**
   * Takes the end of a pause; each only once.
   * @returns `anew`: a pause has ended since the last call. `again`: an earlier agent took the end of one,
   *   and did not complete the comparison. Null: neither
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
   * Whether the comparison after a pause may not be complete, so that a new engine has to make it again. The
   * end of the pause was taken.
   */
  get isUnsettled(): boolean {
    return this.#takenAt !== null;
  }

  /**
   * Takes note of how far comparisons are. Once the one after a pause is complete, a new agent does not make
   * it again.
   * @param all the comparisons of all centrals
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

  /** Whether no agent has taken the end of a pause that ran out. */
  get #isNew(): boolean {
    return this.#isFlagged || this.#sawOn;
  }
}

function isDone({ problem, completeAt, failingZones }: ComparisonHealth, since: number): boolean {
  return problem === null && failingZones === 0 && completeAt !== null && completeAt >= since;
}
