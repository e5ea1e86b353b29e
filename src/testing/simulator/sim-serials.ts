import type { DnsName } from '../../dns/name.ts';
import type { ResourceRecord } from '../../dns/record.ts';

type Zones = ReadonlyMap<DnsName, ReadonlyMap<string, ResourceRecord>>;

interface SerialRead {
  /** The zone's records when the serial was last read. */
  readonly records: ReadonlyMap<string, ResourceRecord>;
  readonly serial: number;
}

/**
 * Makes the serials for the zones of one side. If the zone has changed since the last read, the serial rises.
 */
export class SimSerials {
  readonly #zones: Zones;
  readonly #read = new Map<DnsName, SerialRead>();
  #next: number;

  /** @param first the first serial; both sides begin with different ones */
  constructor(zones: Zones, first: number) {
    this.#zones = zones;
    this.#next = first;
  }

  /** The zone's serial now; null: this side does not have the zone. */
  serial(zone: DnsName): number | null {
    const records = this.#zones.get(zone);
    if (records === undefined) {
      this.#read.delete(zone);
      return null;
    }
    const last = this.#read.get(zone);
    if (last !== undefined && textOf(last.records) === textOf(records)) return last.serial;
    this.#next += 1;
    this.#read.set(zone, { records: new Map(records), serial: this.#next });
    return this.#next;
  }

  /** The records that the zone had when its serial was last read. */
  held(zone: DnsName): ReadonlyMap<string, ResourceRecord> | undefined {
    return this.#read.get(zone)?.records;
  }
}

function textOf(records: ReadonlyMap<string, ResourceRecord>): string {
  return [...records]
    .map(([id, { ttl }]) => `${id} ${ttl}`)
    .sort()
    .join();
}
