import type { DnsName } from '../../../dns/name.ts';

/**
 * A queue of zones in which users take turns. Zones that one user queues delay another by one step, not by
 * all of them. A zone that several users wait for is taken once, at the first turn of one of them.
 */
export class Turns {
  /** Each user's waiting zones; the user whose turn is next comes first. */
  readonly #lanes = new Map<string, Set<DnsName>>();

  /** Queues a zone for a user; does nothing if it is queued for him already. */
  add(zone: DnsName, lane: string): void {
    const waiting = this.#lanes.get(lane) ?? new Set<DnsName>();
    this.#lanes.set(lane, waiting.add(zone));
  }

  /**
   * Takes the next zone out of the queue. Its user's next zone waits until the others have had their turn.
   * @param mayRun false: the zone has to wait for something else and keeps its place
   * @returns null: no queued zone may run
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
