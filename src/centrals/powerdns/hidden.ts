import type { DnsName } from '../../dns/name.ts';
import type { ZoneFacts, ZoneRead } from './read.ts';
import type { DisabledRecords } from './records.ts';

interface Seen {
  readonly serial: number;
  readonly disabled: DisabledRecords;
}

/**
 * Disabled records, which PowerDNS before 5.0 does not show in reads by name (PowerDNS issue 11473).
 * Writing an RRset without them would delete them. They are kept from the last read of the whole zone,
 * while the serial shows that only we have written since.
 */
export class HiddenRecords {
  readonly #zones = new Map<DnsName, Seen>();

  /** The disabled records of a zone; `null` if they are unknown and the whole zone has to be read. */
  known(zone: DnsName, facts: ZoneFacts | null): DisabledRecords | null {
    const seen = this.#zones.get(zone);
    return seen !== undefined && seen.serial === facts?.serial ? seen.disabled : null;
  }

  has(zone: DnsName): boolean {
    return this.#zones.has(zone);
  }

  /** Takes a read of the whole zone; `null` means that the zone is gone. */
  saw(zone: DnsName, read: ZoneRead | null): void {
    if (read?.facts?.countsEdits === true)
      this.#zones.set(zone, { serial: read.facts.serial, disabled: read.disabled });
    else this.#zones.delete(zone);
  }

  /**
   * Keeps the disabled records after a write of ours if the serial shows that nobody else wrote. Our writes
   * leave them as they are.
   */
  wrote(zone: DnsName, before: ZoneFacts | null, after: ZoneFacts | null): void {
    const disabled = this.known(zone, before);
    if (disabled !== null && before !== null && after !== null && follows(before.serial, after.serial))
      this.#zones.set(zone, { serial: after.serial, disabled });
    else this.#zones.delete(zone);
  }
}

/** Whether the serial advanced by one edit of the API: by one, or to the first of a day (`YYYYMMDD01`). */
function follows(before: number, after: number): boolean {
  return after === before + 1 || (after > before && after % 100 === 1);
}
