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

/** Zones whose making or deleting goes on although the call has answered (docs/protocol.md#delays). */
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

  /** Notes what was just done to a zone; without the switch `slowOperationsMs` it is done at once. */
  begin(work: Work, zone: Zone): void {
    const { slowOperationsMs, slowClock: clock } = this.#switches;
    this.#items.delete(zone.name);
    if (slowOperationsMs > 0)
      this.#items.set(zone.name, { work, zone, clock, until: this.#time(clock) + slowOperationsMs });
  }

  /**
   * What is still being done; null: nothing. @param present whether the store has the zone: an undone change
   * is over
   */
  work(name: string, present: boolean): Work | null {
    const item = this.#items.get(name);
    if (item === undefined || (item.work === 'creating') !== present) return null;
    if (this.#time(item.clock) < item.until) return item.work;
    this.#items.delete(name);
    return null;
  }

  /** Zones that lists still show although they are gone. */
  leaving(isThere: (name: string) => boolean): Zone[] {
    const zones = [...this.#items.values()].map(({ zone }) => zone);
    return zones.filter(({ name }) => !isThere(name) && this.work(name, false) === 'deleting');
  }
}

/**
 * What a call on a zone gets whose operation is not over; the wording is ours (docs/protocol.md#errors-5).
 */
export function busy(name: string): Refusal {
  return new Refusal(1, { obj: 'domain' }, `The operation on '${name}' is not finished yet`);
}
