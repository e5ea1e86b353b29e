import type { DnsName } from '../../../dns/name.ts';
import type { Clock } from '../../clock.ts';

/** The state of the comparisons of all zones. Times are wall clock, milliseconds since 1970. */
export interface ComparisonHealth {
  /** Code of the failure that keeps a round from beginning; null: none does. */
  readonly problem: string | null;
  /** Since when rounds fail to begin; null: they do not fail. */
  readonly failingSince: number | null;
  /** When a round last ended, or began without a zone to compare; null: none since the start. */
  readonly completeAt: number | null;
  /** Number of zones whose last comparison failed. */
  readonly failingZones: number;
  /** Since when the first of them fails; null: none does. */
  readonly failingZonesSince: number | null;
}

/**
 * Follows rounds of comparisons: which zones are still to come, and which fail. A round that begins before
 * the last one has ended joins it.
 */
export class Rounds {
  readonly #clock: Clock;
  readonly #left = new Set<DnsName>();
  /** Zones whose comparison fails, each with the time of its first failure; the earliest first. */
  readonly #failing = new Map<DnsName, number>();
  #problem: string | null = null;
  #failingSince: number | null = null;
  #completeAt: number | null = null;
  #number = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Number of the present round, from 1; 0: none has begun. */
  get number(): number {
    return this.#number;
  }

  get health(): ComparisonHealth {
    return {
      problem: this.#problem,
      failingSince: this.#failingSince,
      completeAt: this.#completeAt,
      failingZones: this.#failing.size,
      failingZonesSince: first(this.#failing),
    };
  }

  /** Begins a round with these zones to compare. */
  begin(zones: Iterable<DnsName>): void {
    this.#number += 1;
    this.#problem = null;
    this.#failingSince = null;
    for (const zone of zones) this.#left.add(zone);
    this.#mayBeComplete();
  }

  /** Stores that a round could not begin. @param problem code of the failure */
  failed(problem: string): void {
    this.#problem = problem;
    this.#failingSince ??= this.#clock.wall();
  }

  /** Stores that the comparison of a zone has ended. */
  compared(zone: DnsName): void {
    this.#failing.delete(zone);
    this.#done(zone);
  }

  /**
   * Stores that the comparison of a zone has failed. It is tried again, and the round goes on without the
   * zone.
   */
  zoneFailed(zone: DnsName): void {
    if (!this.#failing.has(zone)) this.#failing.set(zone, this.#clock.wall());
    this.#done(zone);
  }

  #done(zone: DnsName): void {
    if (this.#left.delete(zone)) this.#mayBeComplete();
  }

  #mayBeComplete(): void {
    if (this.#left.size === 0) this.#completeAt = this.#clock.wall();
  }
}

function first(since: ReadonlyMap<DnsName, number>): number | null {
  for (const time of since.values()) return time;
  return null;
}
