import type { DnsName } from '../../../dns/name.ts';

/**
 * A queue of zones in which the users who caused the work take turns. What one of them queues delays another
 * by one step, not by all of it. A zone that several users wait for is taken once, at the turn of the first
 * of them.
 */
export class Turns {
  /** Users whose turn comes first stand first. */
  readonly #lanes = new Map<string, Set<DnsName>>();

  /** Does nothing if the zone waits for that user already. */
  add(zone: DnsName, lane: string): void {
    const waiting = this.#lanes.get(lane) ?? new Set<DnsName>();
    this.#lanes.set(lane, waiting.add(zone));
  }

  /**
   * Takes the next zone out of the queue; that user's next one waits until the others have had their turn.
   * @param mayRun false for a zone that has to wait for something else: it keeps its place
   */
  take(
    mayRun: (zone: DnsName, lane: string) => boolean,
  ): { readonly zone: DnsName; readonly lane: string } | null {
    for (const [lane, waiting] of this.#lanes) {
      for (const zone of waiting) {
        if (!mayRun(zone, lane)) continue;
        this.#lanes.delete(lane);
        this.#lanes.set(lane, waiting);
        this.#remove(zone);
        return { zone, lane };
      }
    }
    return null;
  }

  #remove(zone: DnsName): void {
    for (const [lane, waiting] of this.#lanes) {
      waiting.delete(zone);
      if (waiting.size === 0) this.#lanes.delete(lane);
    }
  }
}
