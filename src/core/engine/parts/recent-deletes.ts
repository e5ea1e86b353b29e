import type { DnsName } from '../../../dns/name.ts';
import type { EditEvent } from '../../panel.ts';

/**
 * At most this many zones are remembered; older ones are forgotten. The limit exists because users' calls
 * fill this memory.
 */
const most = 1_000;

/**
 * Zones whose delete the panel has reported a short while ago. Panel reads may still show such a zone, so a
 * read does not prove that the panel has it.
 */
export class RecentDeletes {
  readonly #now: () => number;
  readonly #lasts: number;
  /** For each zone, when its delete was reported (monotonic milliseconds); the oldest first. */
  readonly #at = new Map<DnsName, number>();

  /** @param now the monotonic time @param lasts for how long a delete is recent; both in milliseconds */
  constructor(now: () => number, lasts: number) {
    this.#now = now;
    this.#lasts = lasts;
  }

  /** Remembers that the panel has reported the delete of a zone. */
  deleted(zone: DnsName): void {
    this.#at.delete(zone);
    this.#at.set(zone, this.#now());
    for (const [other, at] of this.#at) {
      if (this.#at.size <= most && this.#now() - at < this.#lasts) return;
      this.#at.delete(other);
    }
  }

  /**
   * Records an edit that the panel has reported. If the edit created the zone, its delete is no longer
   * recent.
   */
  heard({ kind, zone }: Pick<EditEvent, 'kind' | 'zone'>): void {
    if (kind === 'zone-delete') this.deleted(zone);
    if (kind === 'zone-create') this.#at.delete(zone);
  }

  has(zone: DnsName): boolean {
    const at = this.#at.get(zone);
    return at !== undefined && this.#now() - at < this.#lasts;
  }
}
