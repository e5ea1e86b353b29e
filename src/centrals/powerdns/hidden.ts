import type { DnsName } from '../../dns/name.ts';
import type { ZoneFacts, ZoneRead } from './read.ts';
import type { DisabledRecords } from './records.ts';

interface Seen {
  readonly serial: number;
  readonly disabled: DisabledRecords;
}

/**
 * Remembers disabled records, because PowerDNS before 5.0 does not show them in reads by name (PowerDNS issue
 * 11473). If a write of an RRset left out its disabled records, the server would delete them. The remembered
 * records come from the last read of the whole zone. They stay valid as long as the zone's serial shows that
 * only we have written since.
 */
export class HiddenRecords {
  readonly #zones = new Map<DnsName, Seen>();
  /** Zones whose records cannot be remembered: no serial counts their edits, or they cannot be read whole. */
  readonly #unlearned = new Set<DnsName>();

  /** The disabled records of a zone; `null`: they are unknown, and the whole zone has to be read. */
  known(zone: DnsName, facts: ZoneFacts | null): DisabledRecords | null {
    const seen = this.#zones.get(zone);
    return seen !== undefined && seen.serial === facts?.serial ? seen.disabled : null;
  }

  has(zone: DnsName): boolean {
    return this.#zones.has(zone);
  }

  /** Whether a read of the whole zone would make its disabled records known. */
  isToLearn(zone: DnsName): boolean {
    return !this.#zones.has(zone) && !this.#unlearned.has(zone);
  }

  /** The zone cannot be read as a whole. */
  failed(zone: DnsName): void {
    this.#unlearned.add(zone);
  }

  /** Stores the disabled records from a read of the whole zone; `null`: the zone is gone. */
  saw(zone: DnsName, read: ZoneRead | null): void {
    this.#zones.delete(zone);
    this.#unlearned.delete(zone);
    if (read === null) return;
    if (read.facts?.countsEdits === true)
      this.#zones.set(zone, { serial: read.facts.serial, disabled: read.disabled });
    else this.#unlearned.add(zone);
  }

  /**
   * Keeps the disabled records after a write of ours, which does not change them. If the serial shows that
   * somebody else wrote too, forgets them.
   */
  wrote(zone: DnsName, before: ZoneFacts | null, after: ZoneFacts | null): void {
    const disabled = this.known(zone, before);
    if (disabled !== null && before !== null && after !== null && follows(before.serial, after.serial))
      this.#zones.set(zone, { serial: after.serial, disabled });
    else this.#zones.delete(zone);
  }
}

/**
 * Whether a single edit by the API explains the new serial. It is then the next number, or the first serial
 * of a day (`YYYYMMDD01`).
 */
function follows(before: number, after: number): boolean {
  return after === before + 1 || (after > before && after % 100 === 1);
}
