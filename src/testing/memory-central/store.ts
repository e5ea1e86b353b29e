import type { CentralRecord, Signing } from '../../core/central.ts';
import type { DnsName } from '../../dns/name.ts';
import { recordId, sameData, type ResourceRecord } from '../../dns/record.ts';

/** A copy of everything a {@link MemoryStore} holds. */
export interface MemorySnapshot {
  readonly zones: ReadonlyMap<DnsName, readonly CentralRecord[]>;
  readonly foreign: ReadonlySet<DnsName>;
}

/**
 * What an in-memory central holds; outlives the adapters that talk to it. Its methods are also what somebody
 * else does at the same central: they meet no fault.
 */
export class MemoryStore {
  #zones = new Map<DnsName, readonly CentralRecord[]>();
  #handles = 0;
  /** Zones of other accounts. */
  foreign = new Set<DnsName>();
  /** How zones are signed that are not unsigned. */
  readonly signings = new Map<DnsName, Signing>();

  zones(): DnsName[] {
    return [...this.#zones.keys()];
  }

  /** `null`: this account has no such zone. */
  records(zone: DnsName): readonly CentralRecord[] | null {
    return this.#zones.get(zone) ?? null;
  }

  /** Makes the zone, or gives it exactly these records. */
  putZone(zone: DnsName, records: readonly ResourceRecord[] = []): void {
    this.#zones.set(zone, []);
    for (const record of records) this.add(zone, record);
  }

  dropZone(zone: DnsName): boolean {
    return this.#zones.delete(zone);
  }

  /** False: the same data is there already, nothing was done. A zone that does not exist is made. */
  add(zone: DnsName, record: ResourceRecord): boolean {
    const records = this.#zones.get(zone) ?? [];
    if (records.some((one) => sameData(one, record))) return false;
    this.#zones.set(zone, [...records, this.#numbered(record)]);
    return true;
  }

  /** False: no record with this data, nothing was done. */
  remove(zone: DnsName, record: ResourceRecord): boolean {
    const found = this.records(zone)?.find((one) => recordId(one) === recordId(record));
    return found !== undefined && this.removeHandle(zone, found.handle);
  }

  /** False: nothing has this handle. */
  removeHandle(zone: DnsName, handle: string): boolean {
    const records = this.records(zone) ?? [];
    const left = records.filter((record) => record.handle !== handle);
    if (left.length === records.length) return false;
    this.#zones.set(zone, left);
    return true;
  }

  /** Puts a record, with a new handle, in the place of another. False: nothing has this handle. */
  replaceHandle(zone: DnsName, handle: string, record: ResourceRecord): boolean {
    const records = this.records(zone) ?? [];
    if (!records.some((one) => one.handle === handle)) return false;
    this.#zones.set(
      zone,
      records.map((one) => (one.handle === handle ? this.#numbered(record) : one)),
    );
    return true;
  }

  snapshot(): MemorySnapshot {
    return { zones: new Map(this.#zones), foreign: new Set(this.foreign) };
  }

  restore(snapshot: MemorySnapshot): void {
    this.#zones = new Map(snapshot.zones);
    this.foreign = new Set(snapshot.foreign);
  }

  /** Handles are never used twice, so that a stale one is always noticed. */
  #numbered({ name, type, ttl, rdata }: ResourceRecord): CentralRecord {
    this.#handles += 1;
    return { name, type, ttl, rdata, handle: `#${this.#handles}` };
  }
}
