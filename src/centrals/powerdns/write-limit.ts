/** Largest number of writes that run at once. More would need more than ten connections (see `api.ts`). */
const mostWrites = 4;
/** If a lone write takes no longer than this, in milliseconds, the server holds it up, not the line. */
const shortest = 5;
/** If writes take longer than this many times the shortest one, the server itself lets them wait. */
const crowded = 1.5;
const overcrowded = 2.5;
/**
 * If a write takes longer than this, in milliseconds, the server may have dropped its connection, which TCP
 * then asks for again after a second (RFC 6298).
 */
const stalled = 900;
/** How long the number stays small after a failure, milliseconds: the first time, and at most. */
const shortestRest = 60_000;
const longestRest = 3_600_000;

/**
 * Finds out how many writes the server takes at once (docs/decisions/031-many-writes.md). More than one are
 * worth it only where the time is spent on the line. Every server carries out one after the other, and with
 * sqlite it answers 500 to most that come together.
 *
 * So the number begins with one. It grows by one as long as writes take hardly longer than the quickest. At
 * the first failure it is one again, and half as large if a connection was dropped. It stays so for a while,
 * which doubles with each failure.
 */
export class WriteLimit {
  readonly #now: () => number;
  #most = 1;
  /** Number and total duration (ms) of good writes since the number was last judged. */
  #good = 0;
  #took = 0;
  /** Duration of the quickest write since the number was last one, milliseconds. */
  #quickest = Infinity;
  #rest = shortestRest;
  /** Largest number until a time, monotonic milliseconds. */
  #ceiling = { most: mostWrites, until: -Infinity };

  /** @param now monotonic clock, milliseconds */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** How many writes may run at once. */
  get most(): number {
    return this.#most;
  }

  /**
   * Sends a write, and learns from its answer.
   * @param isWanted whether other writes wait. Else fewer run than may run, and their durations say nothing
   * @throws what the write throws
   */
  async learnFrom<T extends { readonly status: number }>(
    send: () => Promise<T>,
    isWanted: () => boolean,
  ): Promise<T> {
    const begun = this.#now();
    try {
      const answer = await send();
      const took = this.#now() - begun;
      if (answer.status >= 500) this.#failed(1);
      else if (took > stalled) this.#failed(Math.ceil(this.#most / 2));
      else if (isWanted()) this.#answered(took);
      return answer;
    } catch (error) {
      this.#failed(1);
      throw error;
    }
  }

  #answered(took: number): void {
    this.#good += 1;
    this.#took += took;
    this.#quickest = Math.min(this.#quickest, took);
    if (this.#good < this.#most) return;
    const average = this.#took / this.#good;
    if (average > overcrowded * this.#quickest) this.#most = Math.max(1, this.#most - 1);
    else if (this.#mayGrow(average)) this.#most = Math.min(this.#most + 1, mostWrites);
    if (this.#most === 1) this.#quickest = Infinity;
    this.#good = 0;
    this.#took = 0;
  }

  #mayGrow(average: number): boolean {
    const isLine = this.#quickest > shortest;
    const isAllowed = this.#most < this.#ceiling.most || this.#now() >= this.#ceiling.until;
    return isLine && average <= crowded * this.#quickest && isAllowed;
  }

  /** @param most largest number from now on */
  #failed(most: number): void {
    // Writes that were sent together fail together, which counts once.
    const isNew = this.#most > most || this.#now() >= this.#ceiling.until;
    this.#most = Math.min(this.#most, most);
    this.#good = 0;
    this.#took = 0;
    this.#quickest = Infinity;
    if (!isNew) return;
    this.#ceiling = { most, until: this.#now() + this.#rest };
    this.#rest = Math.min(2 * this.#rest, longestRest);
  }
}
