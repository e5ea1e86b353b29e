import type { DnsName } from '../../../dns/name.ts';
import type { EditEvent } from '../../panel.ts';

/** The most zones that are remembered. Older ones are forgotten, because calls of users fill this memory. */
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

  /** The panel has reported that it deleted the zone. */
  deleted(zone: DnsName): void {
    this.#at.delete(zone);
    this.#at.set(zone, this.#now());
    for (const [other, at] of this.#at) {
      if (this.#at.size <= most && this.#now() - at < this.#lasts) return;
      this.#at.delete(other);
    }
  }

  /** The panel has reported an edit. If the edit created the zone, its delete is no longer recent. */
  heard({ kind, zone }: Pick<EditEvent, 'kind' | 'zone'>): void {
    if (kind === 'zone-delete') this.deleted(zone);
    if (kind === 'zone-create') this.#at.delete(zone);
  }

  has(zone: DnsName): boolean {
    const at = this.#at.get(zone);
    return at !== undefined && this.#now() - at < this.#lasts;
  }
}
