/** The administrator is told of the same thing again after this time, milliseconds. */
const again = 86_400_000;
/** Most things whose last notice is remembered. */
const most = 10_000;

/** Remembers of what the administrator was told within a day. A restart forgets it. */
export class DailyNotice<T> {
  /** Milliseconds since 1970, the oldest notice first. */
  readonly #told = new Map<T, number>();

  /**
   * Whether the administrator has to be told now; remembers that he is.
   * @param wall wall clock, milliseconds since 1970
   */
  isDue(what: T, wall: number): boolean {
    const before = this.#told.get(what);
    if (before !== undefined && wall >= before && wall < before + again) return false;
    this.#told.delete(what);
    this.#told.set(what, wall);
    const [oldest] = this.#told.keys();
    if (this.#told.size > most && oldest !== undefined) this.#told.delete(oldest);
    return true;
  }
}
