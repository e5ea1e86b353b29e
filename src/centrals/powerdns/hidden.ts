import type { DnsName } from '../../dns/name.ts';
import type { ZoneFacts, ZoneRead } from './read.ts';
import type { DisabledRecords } from './records.ts';

interface Seen {
  readonly serial: number;
  readonly disabled: DisabledRecords;
}

/**
 * Disabled records that reads by name do not show (PowerDNS issue 11473, before 5.0), as the last read of
 * their whole zone had them. A write of an RRset would delete those in it. They are known as long as nobody
 * but us has written the zone, which its serial tells.
 */
export class HiddenRecords {
  readonly #zones = new Map<DnsName, Seen>();

  /** `null`: the whole zone has to be read. */
  known(zone: DnsName, facts: ZoneFacts | null): DisabledRecords | null {
    const seen = this.#zones.get(zone);
    return seen !== undefined && seen.serial === facts?.serial ? seen.disabled : null;
  }

  has(zone: DnsName): boolean {
    return this.#zones.has(zone);
  }

  /** After a read of the whole zone; `null`: it is gone. */
  saw(zone: DnsName, read: ZoneRead | null): void {
    if (read?.facts?.countsEdits === true)
      this.#zones.set(zone, { serial: read.facts.serial, disabled: read.disabled });
    else this.#zones.delete(zone);
  }

  /**
   * After a write of ours, which leaves disabled records as they were: whether the serial shows that it was
   * the only one.
   */
  wrote(zone: DnsName, before: ZoneFacts | null, after: ZoneFacts | null): void {
    const disabled = this.known(zone, before);
    if (disabled !== null && before !== null && after !== null && follows(before.serial, after.serial))
      this.#zones.set(zone, { serial: after.serial, disabled });
    else this.#zones.delete(zone);
  }
}

/** One edit by the API: one more, or the first of a day (`YYYYMMDD01`). */
function follows(before: number, after: number): boolean {
  return after === before + 1 || (after > before && after % 100 === 1);
}
