/** Time (ms) after which the administrator is told about the same thing again. */
const again = 86_400_000;
/** Maximum number of things whose last notice is remembered. */
const most = 10_000;

/** Remembers for a day which things the administrator was told about. A restart forgets them. */
export class DailyNotice<T> {
  /**
   * When the administrator was last told about each thing (milliseconds since 1970), the oldest notice first.
   */
  readonly #told = new Map<T, number>();

  /**
   * Whether the administrator has to be told about `what` now. If so, remembers that he was told.
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
