import type { DnsName } from '../../../dns/name.ts';
import type { Clock } from '../../clock.ts';

/**
 * The state of the rounds of comparisons. A round compares every zone that may have changed, once. Times are
 * wall clock, milliseconds since 1970.
 */
export interface ComparisonHealth {
  /** Code of the failure because of which the last round could not begin; null: the last round began. */
  readonly problem: string | null;
  /** Since when rounds fail to begin; null: they do not fail. */
  readonly failingSince: number | null;
  /**
   * When the last zone of a round was compared, or a round began without a zone to compare; null: not since
   * the start.
   */
  readonly completeAt: number | null;
  /** Number of zones whose last comparison failed. */
  readonly failingZones: number;
  /** Since when the earliest of these zones has failed; null: no zone fails. */
  readonly failingZonesSince: number | null;
}

/**
 * Keeps track of the rounds of comparisons: which zones are still to be compared, and which comparisons fail.
 * If a round begins before the last round has ended, the zones of both count as one round.
 */
export class Rounds {
  readonly #clock: Clock;
  readonly #left = new Set<DnsName>();
  /**
   * Zones whose last comparison failed, each with the time of the first failure in a row. The earliest comes
   * first.
   */
  readonly #failing = new Map<DnsName, number>();
  #problem: string | null = null;
  #failingSince: number | null = null;
  #completeAt: number | null = null;
  #number = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Number of the latest round, from 1; 0: no round has begun. */
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

  /** Remembers that a round could not begin. @param problem code of the failure */
  failed(problem: string): void {
    this.#problem = problem;
    this.#failingSince ??= this.#clock.wall();
  }

  /** Remembers that a zone was compared without a failure. */
  compared(zone: DnsName): void {
    this.#failing.delete(zone);
    this.#done(zone);
  }

  /**
   * Remembers that the comparison of a zone has failed. It is tried again later, and the round ends without
   * this zone.
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
