/**
 * While fewer edits than this wait, none is refused. A rate that was measured with so few edits says nothing.
 */
const fewEdits = 32;
/** The rate is measured only while at least this many edits wait. */
const crowd = 16;

/**
 * Refuses an edit at once if it could not be answered in time. The expected time is the number of waiting
 * edits, divided by the rate of recent answers. The rate is used only while many edits wait: with few, it
 * shows how fast the users are, not how fast the agent is.
 */
export class Admission {
  readonly #now: () => number;
  #waiting = 0;
  /**
   * When the measurement began; null: fewer than {@link crowd} edits wait. The first answer begins the
   * measurement anew, because a slow central answers nothing at first.
   */
  #since: number | null = null;
  /** Number of edits answered since the measurement began; null: the first answer has not come. */
  #answered: number | null = null;
  /**
   * Edits answered per millisecond in the last measurement; null: no measurement has ended since many edits
   * began to wait.
   */
  #rate: number | null = null;

  /** @param now the monotonic time, milliseconds */
  constructor(now: () => number) {
    this.#now = now;
  }

  /**
   * Whether an edit that comes now can be answered in time.
   * @param limit how long its answer may take, milliseconds
   */
  admits(limit: number): boolean {
    this.#measure(limit);
    if (this.#waiting < fewEdits || this.#rate === null) return true;
    // The estimate is rough, and edits that come later use the machine too. So only half of the limit counts.
    return (this.#waiting + 1) / this.#rate <= limit / 2;
  }

  /** Runs `answer`, which answers an admitted edit. Counts the edit as waiting until its answer is ready. */
  async during<T>(answer: () => Promise<T>): Promise<T> {
    this.#waiting += 1;
    if (this.#waiting >= crowd) this.#since ??= this.#now();
    try {
      return await answer();
    } finally {
      this.#waiting -= 1;
      if (this.#waiting < crowd) this.#forget();
      else this.#count();
    }
  }

  #count(): void {
    if (this.#answered === null) this.#since = this.#now();
    this.#answered = (this.#answered ?? -1) + 1;
  }

  /**
   * Computes a new rate if the measurement has lasted long enough. Without any answer, it must last twice as
   * long.
   */
  #measure(limit: number): void {
    const since = this.#since;
    if (since === null) return;
    const took = this.#now() - since;
    const answered = this.#answered ?? 0;
    if (took < (answered === 0 ? limit / 2 : limit / 4)) return;
    this.#rate = answered / took;
    this.#answered &&= 0;
    this.#since = this.#now();
  }

  #forget(): void {
    this.#since = null;
    this.#answered = null;
    this.#rate = null;
  }
}
