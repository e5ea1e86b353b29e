import { Refusal } from './refusal.ts';
import type { Switches } from './switches.ts';
import type { Zone } from './types.ts';

type Work = 'creating' | 'deleting';

interface Item {
  readonly work: Work;
  readonly zone: Zone;
  readonly clock: Switches['slowClock'];
  readonly until: number;
}

/**
 * Zones that the panel is still creating or deleting, although it has answered the call
 * (docs/protocol.md#delays).
 */
export class Pending {
  readonly #switches: Switches;
  readonly #now: () => number;
  readonly #items = new Map<string, Item>();

  constructor(switches: Switches, now: () => number) {
    this.#switches = switches;
    this.#now = now;
  }

  #time(clock: Switches['slowClock']): number {
    return clock === 'real' ? Date.now() : this.#now();
  }

  /**
   * Takes note that a zone was just created or deleted. If the switch `slowOperationsMs` is 0, this work ends
   * at once.
   */
  begin(work: Work, zone: Zone): void {
    const { slowOperationsMs, slowClock: clock } = this.#switches;
    this.#items.delete(zone.name);
    if (slowOperationsMs > 0)
      this.#items.set(zone.name, { work, zone, clock, until: this.#time(clock) + slowOperationsMs });
  }

  /**
   * The work on a zone that is still going on; null: none.
   * @param present whether the store has the zone. If a zone that is being created is missing, or a deleted
   *   one is there, its change was undone
   */
  work(name: string, present: boolean): Work | null {
    const item = this.#items.get(name);
    if (item === undefined || (item.work === 'creating') !== present) return null;
    if (this.#time(item.clock) < item.until) return item.work;
    this.#items.delete(name);
    return null;
  }

  /** Deleted zones that lists still show. @param isThere whether the store has a zone with this name */
  leaving(isThere: (name: string) => boolean): Zone[] {
    const zones = [...this.#items.values()].map(({ zone }) => zone);
    return zones.filter(({ name }) => !isThere(name) && this.work(name, false) === 'deleting');
  }
}

/**
 * Makes the error of a call for a zone that is still being created or deleted. The real texts are not known
 * (docs/protocol.md#errors-5).
 */
export function busy(name: string): Refusal {
  return new Refusal(1, { obj: 'domain' }, `The operation on '${name}' is not finished yet`);
}
