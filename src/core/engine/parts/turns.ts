import type { DnsName } from '../../../dns/name.ts';

/**
 * A queue of zones in which users take turns. However many zones one user queues, another user waits for only
 * one of them. A zone that several users wait for is taken only once, in the first of their turns.
 */
export class Turns {
  /** For each user, the zones that the user waits for. The user whose turn is next comes first. */
  readonly #lanes = new Map<string, Set<DnsName>>();

  /** Queues a zone for a user. Does nothing if the zone is already queued for this user. */
  add(zone: DnsName, lane: string): void {
    const waiting = this.#lanes.get(lane) ?? new Set<DnsName>();
    this.#lanes.set(lane, waiting.add(zone));
  }

  /**
   * Takes the next zone out of the queue. The next zone of the same user waits until the other users have had
   * their turns.
   * @param mayRun returns false if the zone has to wait for something else; the zone then keeps its place
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
