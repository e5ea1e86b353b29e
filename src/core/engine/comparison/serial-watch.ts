import type { DnsName } from '../../../dns/name.ts';
import { JournalError } from '../../journal.ts';
import type { SerialReader } from '../../serials.ts';
import type { Runtime } from '../runtime.ts';

/** With more zones than this, no serials are read, because a round would take too long. */
const mostZones = 500;
/** Time (ms) until the next round if the name server serves no zone, or there are too many. */
const idleGap = 300_000;

/**
 * Notices changes in the panel that no hook call reported, such as a TXT record for a certificate check
 * (docs/adoption.md, row 24). Each change of a zone advances its serial. If the serial advances by more or
 * less than the calls explain, the zone is compared. The next comparison of all zones finds changes that this
 * class misses.
 */
export class SerialWatch {
  readonly #runtime: Runtime;
  readonly #reader: SerialReader;
  /** The serials that the last round read. */
  #known: ReadonlyMap<DnsName, number> = new Map();
  /** Number of edits that the panel reported since the last round. */
  readonly #reported = new Map<DnsName, number>();

  constructor(runtime: Runtime, reader: SerialReader) {
    this.#runtime = runtime;
    this.#reader = reader;
  }

  /** Notes that the panel has reported an edit of the zone as done. */
  reported(zone: DnsName): void {
    if (this.#known.has(zone)) this.#reported.set(zone, (this.#reported.get(zone) ?? 0) + 1);
  }

  /** Reads the serials in rounds until the engine stops. @param gap time between two rounds, milliseconds */
  async untilStopped(gap: number): Promise<void> {
    const { timers } = this.#runtime;
    while (!timers.isStopping) {
      const isServed = await this.#round(timers.stopping.signal);
      await timers.pause(isServed ? gap : idleGap);
    }
  }

  /**
   * Makes one round. @returns false: the name server serves none of the zones, or it is not known which zones
   * to query
   */
  async #round(signal: AbortSignal): Promise<boolean> {
    const zones = await this.#zones();
    if (zones === null) {
      this.#known = new Map();
      return false;
    }
    const known = await this.#reader.serials(zones, signal);
    for (const [zone, serial] of known) this.#judge(zone, serial);
    this.#known = known;
    return zones.length === 0 || known.size > 0;
  }

  /** The zones whose serials are read; null: there are too many, or the journal cannot be read. */
  async #zones(): Promise<readonly DnsName[] | null> {
    const { journal, log } = this.#runtime.ports;
    try {
      // Only serials of synced zones are read, but `journal.zones` loads zones of all states in each round,
      // so all states count.
      const counts = Object.values((await journal.counts()).zones);
      if (counts.reduce((sum, count) => sum + count, 0) > mostZones) return null;
      return (await journal.zones()).filter(({ state }) => state === 'synced').map(({ zone }) => zone);
    } catch (error) {
      if (!(error instanceof JournalError)) throw error;
      log(2, 'serials.failed', { code: error.code });
      return null;
    }
  }

  #judge(zone: DnsName, serial: number): void {
    const before = this.#known.get(zone);
    const reported = this.#reported.get(zone) ?? 0;
    this.#reported.delete(zone);
    if (before === undefined || serial === before) return;
    // Serials wrap around (RFC 1982).
    const advance = (serial - before) >>> 0;
    if (advance === reported) return;
    this.#runtime.ports.log(5, 'serials.changed', { zone, advance, reported });
    this.#runtime.agenda.compareSoon(zone, 'serial', 'limited');
  }
}
