import type { CentralRecord, Signing } from '../../core/central.ts';
import type { DnsName } from '../../dns/name.ts';
import { recordId, sameData, type ResourceRecord } from '../../dns/record.ts';

/** A copy of everything in a {@link MemoryStore}. */
export interface MemorySnapshot {
  readonly zones: ReadonlyMap<DnsName, readonly CentralRecord[]>;
  readonly foreign: ReadonlySet<DnsName>;
}

/**
 * The zones of a central in memory. They outlive the adapters. Tests also call these methods to act as
 * another writer at the central, whose calls never fail.
 */
export class MemoryStore {
  #zones = new Map<DnsName, readonly CentralRecord[]>();
  #handles = 0;
  /** Zones that belong to other accounts of the central. */
  foreign = new Set<DnsName>();
  /** How each signed zone is signed. A zone without an entry is not signed. */
  readonly signings = new Map<DnsName, Signing>();

  zones(): DnsName[] {
    return [...this.#zones.keys()];
  }

  /** The zone's records; null: this account does not have the zone. */
  records(zone: DnsName): readonly CentralRecord[] | null {
    return this.#zones.get(zone) ?? null;
  }

  /** Creates a zone with exactly these records, or replaces all records of an existing one. */
  putZone(zone: DnsName, records: readonly ResourceRecord[] = []): void {
    this.#zones.set(zone, []);
    for (const record of records) this.add(zone, record);
  }

  dropZone(zone: DnsName): boolean {
    return this.#zones.delete(zone);
  }

  /**
   * Adds a record; creates the zone if it is missing.
   * @returns false if the zone already has the same data
   */
  add(zone: DnsName, record: ResourceRecord): boolean {
    const records = this.#zones.get(zone) ?? [];
    if (records.some((one) => sameData(one, record))) return false;
    this.#zones.set(zone, [...records, this.#numbered(record)]);
    return true;
  }

  /** Removes a record. @returns false if the zone has no record with this data */
  remove(zone: DnsName, record: ResourceRecord): boolean {
    const found = this.records(zone)?.find((one) => recordId(one) === recordId(record));
    return found !== undefined && this.removeHandle(zone, found.handle);
  }

  /** Removes the record with this handle. @returns false if no record has it */
  removeHandle(zone: DnsName, handle: string): boolean {
    const records = this.records(zone) ?? [];
    const left = records.filter((record) => record.handle !== handle);
    if (left.length === records.length) return false;
    this.#zones.set(zone, left);
    return true;
  }

  /** Replaces the record with this handle by another with a new handle. @returns false if no record has it */
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

  /** No handle is used twice, so that the central always notices a stale one. */
  #numbered({ name, type, ttl, rdata }: ResourceRecord): CentralRecord {
    this.#handles += 1;
    return { name, type, ttl, rdata, handle: `#${this.#handles}` };
  }
}
