import type { DnsName } from '../../../dns/name.ts';

/** The serials of one zone at both sides. */
export interface SerialPair {
  readonly panel: number;
  readonly central: number;
}

/** A pair of serials, and since when each round has read the same pair (monotonic milliseconds). */
interface SeenPair {
  readonly pair: SerialPair;
  readonly since: number;
}

/** The serials of a zone that a comparison found in step, and when it did (monotonic milliseconds). */
interface Proof {
  readonly pair: SerialPair;
  readonly at: number;
}

/** Each zone is compared in full after so many milliseconds, whatever its serials say. */
export const longestSkip = 24 * 3_600_000;

/**
 * Remembers for which serials of both sides a full comparison found a zone in step. A periodic comparison may
 * leave out the zone while both serials stay (docs/decisions/024-comparison-by-serials.md). Nothing of this
 * outlives the engine.
 */
export class SerialProofs {
  readonly #now: () => number;
  readonly #readLag: number;
  readonly #proofs = new Map<DnsName, Proof>();
  #seen: ReadonlyMap<DnsName, SeenPair> = new Map();
  /** When the reads of the last round had ended (monotonic milliseconds). */
  #readAt = 0;

  /**
   * @param now the monotonic clock, milliseconds
   * @param readLag how old the state may be that panel reads show, milliseconds
   */
  constructor(now: () => number, readLag: number) {
    this.#now = now;
    this.#readLag = readLag;
  }

  /** Takes over the serials that a round has just read. Zones without both serials are left out. */
  seen(pairs: ReadonlyMap<DnsName, SerialPair>): void {
    const before = this.#seen;
    this.#readAt = this.#now();
    this.#seen = new Map(
      [...pairs]
        // A name server that copies the central's zones says nothing about the panel.
        .filter(([, { panel, central }]) => panel !== central)
        .map(([zone, pair]) => {
          const last = before.get(zone);
          const isSame = last !== undefined && areSame(last.pair, pair);
          return [zone, { pair, since: isSame ? last.since : this.#readAt }];
        }),
    );
  }

  /**
   * Stores that a full comparison found the zone in step.
   * @param began when the comparison began (monotonic milliseconds)
   */
  inStep(zone: DnsName, began: number): void {
    const seen = this.#seen.get(zone);
    // A panel read may be old. So it counts only if the serials had not moved for that long before it.
    if (seen === undefined || began < this.#readAt || began < seen.since + this.#readLag) return;
    this.#proofs.set(zone, { pair: seen.pair, at: began });
  }

  /** Forgets the zone's proof, because something of the zone in the journal changes. */
  touched(zone: DnsName): void {
    this.#proofs.delete(zone);
  }

  /** Whether the last round read the serials for which the zone was found in step, not too long ago. */
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
