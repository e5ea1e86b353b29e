import { hasEndedFlag, pauseEnd, takeEndedFlag } from './pause.ts';

/**
 * What the agent knows of the pause. A pause ends when its time runs out, when `resume` ends it (and leaves a
 * flag file), or when somebody removes the pause's file.
 */
export class PauseWatch {
  readonly #path: string;
  readonly #wall: () => number;
  /**
   * When the last pause ran out: milliseconds since 1970. Kept so that each such pause is followed by only
   * one comparison.
   */
  #ranOutAt: number | null = null;
  /** Whether there was a pause when this object last looked. */
  #was = false;

  /** @param path path of the pause file @param wall the wall clock, milliseconds since 1970 */
  constructor(path: string, wall: () => number) {
    this.#path = path;
    this.#wall = wall;
  }

  /** Whether there is a pause at this moment. */
  isPaused(): boolean {
    const end = pauseEnd(this.#path);
    this.#was ||= end !== null;
    return end !== null && this.#wall() < end;
  }

  /**
   * Whether comparisons have to wait: there is a pause, or its end was not taken yet. What the panel's users
   * removed in a pause is removed at the central only by the comparison that follows the pause.
   */
  isHolding(): boolean {
    if (this.isPaused()) return true;
    const end = pauseEnd(this.#path);
    if (end !== null) return end !== this.#ranOutAt;
    return this.#was || hasEndedFlag(this.#path);
  }

  /** Takes the end of a pause. @returns whether a pause has ended since the last call; each only once */
  takeEnd(): boolean {
    const end = pauseEnd(this.#path);
    const ranOut = end !== null && end <= this.#wall() && end !== this.#ranOutAt;
    if (ranOut) this.#ranOutAt = end;
    const isRemoved = end === null && this.#was;
    this.#was = end !== null;
    return takeEndedFlag(this.#path) || ranOut || isRemoved;
  }
}
