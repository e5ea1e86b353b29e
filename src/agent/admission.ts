/** With fewer edits at a time, none is refused: a rate that was measured with so few says nothing. */
const fewEdits = 32;
/** The rate is measured only while at least so many edits wait. */
const crowd = 16;

/**
 * Refuses an edit at once if it could not be answered in time. The estimate is the number of edits that wait,
 * divided by the rate at which edits were answered lately. It counts only while many edits wait: with few,
 * the rate is that of the users and not that of the agent.
 */
export class Admission {
  readonly #now: () => number;
  #waiting = 0;
  /**
   * When the measurement began: once at least {@link crowd} edits waited, then with the first answer, because
   * a slow central answers nothing at first. Null: fewer wait.
   */
  #since: number | null = null;
  /** Edits answered since then; null: the first answer has not come. */
  #answered: number | null = null;
  /** Edits answered in a millisecond, by the last measurement of this crowd; null: none has ended. */
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
    // The estimate is rough, and the edits that follow share the machine too.
    return (this.#waiting + 1) / this.#rate <= limit / 2;
  }

  /** Runs the answer of an admitted edit. */
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

  /** Takes the rate anew once enough time is over. Without any answer, twice as long has to be over. */
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
