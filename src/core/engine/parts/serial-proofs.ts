import type { DnsName } from '../../../dns/name.ts';

/** The serials of one zone at both sides. */
export interface SerialPair {
  readonly panel: number;
  readonly central: number;
}

/** A pair of serials. Since the time `since` (monotonic milliseconds), each round has read this pair. */
interface SeenPair {
  readonly pair: SerialPair;
  readonly since: number;
}

/**
 * The serials of a zone at the time `at` (monotonic milliseconds), when a comparison found both sides equal.
 */
interface Proof {
  readonly pair: SerialPair;
  readonly at: number;
}

/** Each zone is compared in full after this many milliseconds, even if its serials have not changed. */
export const longestSkip = 24 * 3_600_000;

/**
 * Remembers the serials of both sides at which a full comparison found a zone equal on both sides. While both
 * serials stay the same, a periodic comparison may skip the zone
 * (docs/decisions/024-comparison-by-serials.md). All of this is forgotten when the engine stops.
 */
export class SerialProofs {
  readonly #now: () => number;
  readonly #readLag: number;
  readonly #proofs = new Map<DnsName, Proof>();
  #seen: ReadonlyMap<DnsName, SeenPair> = new Map();
  /** Time at which the reads of the last round ended (monotonic milliseconds). */
  #readAt = 0;

  /**
   * @param now the monotonic clock, milliseconds
   * @param readLag for how long (ms) panel reads may show an old state
   */
  constructor(now: () => number, readLag: number) {
    this.#now = now;
    this.#readLag = readLag;
  }

  /**
   * Stores the serials that a round has just read. `pairs` contains only zones with a serial on both sides.
   */
  seen(pairs: ReadonlyMap<DnsName, SerialPair>): void {
    const before = this.#seen;
    this.#readAt = this.#now();
    this.#seen = new Map(
      [...pairs]
        // If both serials are equal, the panel's name server may only copy the central's zone. Then its
        // serial shows nothing about the panel.
        .filter(([, { panel, central }]) => panel !== central)
        .map(([zone, pair]) => {
          const last = before.get(zone);
          const isSame = last !== undefined && areSame(last.pair, pair);
          return [zone, { pair, since: isSame ? last.since : this.#readAt }];
        }),
    );
  }

  /**
   * Remembers that a full comparison found both sides of the zone equal.
   * @param began when the comparison began (monotonic milliseconds)
   */
  inStep(zone: DnsName, began: number): void {
    const seen = this.#seen.get(zone);
    // A panel read may show an old state. So the comparison counts only if the serials had not changed for
    // `readLag` before it began.
    if (seen === undefined || began < this.#readAt || began < seen.since + this.#readLag) return;
    this.#proofs.set(zone, { pair: seen.pair, at: began });
  }

  /** Forgets the zone's proof, because the journal's data of the zone changes. */
  touched(zone: DnsName): void {
    this.#proofs.delete(zone);
  }

  /**
   * Whether the last round read the same serials as at the zone's last full comparison, and that comparison
   * is recent.
   */
  isUnchanged(zone: DnsName): boolean {
    const proof = this.#proofs.get(zone);
    const seen = this.#seen.get(zone);
    if (proof === undefined || seen === undefined) return false;
    return this.#now() < proof.at + longestSkip && areSame(proof.pair, seen.pair);
  }
}

function areSame(one: SerialPair, other: SerialPair): boolean {
  return one.panel === other.panel && one.central === other.central;
}
