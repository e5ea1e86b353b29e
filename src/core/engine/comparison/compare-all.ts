import type { DnsName } from '../../../dns/name.ts';
import { CentralError, type ListedSerials } from '../../central.ts';
import { JournalError } from '../../journal.ts';
import type { ZoneEntry } from '../../ledger.ts';
import { PanelError } from '../../panel.ts';
import { compareZone } from './compare.ts';
import { listLeftZones, zonesOfForgotten } from './forget-ledger.ts';
import { listCentral, readSerials } from './read-serials.ts';
import { unservedCode, type Unserved } from './unserved.ts';
import type { CompareRequest } from '../parts/agenda.ts';
import { Moved } from '../parts/store.ts';
import { zoneEntry } from '../knowledge/zone-entry.ts';
import { workOff } from '../parts/work-off.ts';
import type { Runtime } from '../runtime.ts';
import { signedAboveNote } from '../before/signed-above.ts';
import { baselineFact } from '../before/unknown-zone.ts';

/** The zones of both sides and of the ledger. */
interface Listed {
  readonly panel: readonly DnsName[];
  /** Each zone with its serial; null: the serial is not known, or proves nothing. */
  readonly central: ListedSerials;
  readonly entries: readonly ZoneEntry[];
}

/** How far the first comparison of all zones has come. */
export interface ComparisonProgress {
  readonly running: boolean;
  readonly done: number;
  readonly total: number;
  /** Code of the last failure; null: there was none. */
  readonly problem: string | null;
}

/**
 * For this many attempts (some minutes), the first comparison waits for zones that cannot be read. A central
 * that has just started may not serve all its zones yet.
 */
const patientAttempts = 10;

/** Number of zones that the first comparison works on at the same time. */
const zonesAtOnce = 4;

/** Starts comparisons of all zones, the first one included, and repeats those that fail. */
export class CompareAll {
  readonly #runtime: Runtime;
  readonly #retrying = new Set<CompareRequest['follow']>();
  progress: ComparisonProgress = { running: false, done: 0, total: 0, problem: null };

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
  }

  /**
   * Makes the first comparison of all zones, unless an earlier run completed it. Repeats it until it is
   * complete or the engine stops.
   */
  async untilBaseline(): Promise<void> {
    const { timers } = this.#runtime;
    for (let attempts = 0; !timers.isStopping; attempts += 1) {
      if (await this.#baselineOnce(attempts >= patientAttempts)) return;
      await timers.pause(timers.backoff(attempts));
    }
  }

  /**
   * Schedules comparisons for all zones that may have changed on either side. If the zone lists cannot be
   * read, tries again until it succeeds or the engine stops. After a pause, for example, edits must not wait
   * for the hourly comparison. Comparisons that may remove records are repeated after `readLag`, because the
   * panel may not have shown its latest edits before.
   */
  async untilDone(reason: string, follow: CompareRequest['follow']): Promise<void> {
    if (follow === 'no') {
      await this.#untilScheduled(reason, follow);
      return;
    }
    await this.#runtime.agenda.scheduleFollowing(async () => {
      await this.#untilScheduled(reason, follow);
      const { ports, timers } = this.#runtime;
      if (await timers.pause(ports.settings.readLag)) await this.#untilScheduled(reason, follow);
    });
  }

  async #untilScheduled(reason: string, follow: CompareRequest['follow']): Promise<void> {
    const { timers } = this.#runtime;
    // Another call already retries until a comparison with this `follow` is scheduled, which covers this call
    // too. So only one attempt is made here.
    if (this.#retrying.has(follow)) {
      await this.everything(reason, follow);
      return;
    }
    this.#retrying.add(follow);
    for (let attempts = 0; !timers.isStopping; attempts += 1) {
      if (await this.everything(reason, follow)) break;
      await timers.pause(timers.backoff(attempts));
    }
    this.#retrying.delete(follow);
  }

  /**
   * Schedules a comparison for every zone that may have changed on either side.
   * @returns false: the zone lists of both sides, or the journal, could not be read
   */
  async everything(reason: string, follow: CompareRequest['follow'] = 'no'): Promise<boolean> {
    try {
      const bySerials = reason === 'periodic';
      const listed = await this.#listBoth(bySerials);
      const due = [...new Set([...zonesToCompare(listed), ...(await this.#forgotten())])];
      const compared = bySerials ? await this.#withoutUnchanged(due, listed) : due;
      this.#runtime.rounds.begin(compared);
      for (const zone of compared) this.#runtime.agenda.compareSoon(zone, reason, follow);
      this.progress = { ...this.progress, problem: null };
      return true;
    } catch (error) {
      this.#note(error);
      return false;
    }
  }

  /**
   * Leaves out zones whose serials prove that they have not changed since their last full comparison
   * (docs/decisions/024-comparison-by-serials.md). A zone that is missing in a list stays, because its name
   * server may still have it.
   */
  async #withoutUnchanged(due: readonly DnsName[], { panel, central }: Listed): Promise<readonly DnsName[]> {
    const { serialProofs, promises, ports } = this.#runtime;
    // An engine that only observes lists all differences, also those that serials do not show. So it leaves
    // out no zone.
    if (promises !== null) return due;
    const here = new Set(panel);
    const atCentral = new Map([...central].filter(([zone]) => here.has(zone)));
    serialProofs.seen(await readSerials(this.#runtime, due, atCentral));
    const compared: DnsName[] = [];
    for (const zone of due) {
      if (serialProofs.isUnchanged(zone)) ports.log(6, 'zone.unchanged', { zone });
      else compared.push(zone);
    }
    const unchanged = due.length - compared.length;
    if (unchanged > 0) ports.log(5, 'compare.by-serials', { unchanged, compared: compared.length });
    return compared;
  }

  /**
   * Makes one attempt at the first comparison.
   * @param goesOn true: a zone that cannot be read becomes `panel-only` with a note. False: such a zone makes
   *   the attempt fail
   * @returns whether the first comparison is complete
   */
  async #baselineOnce(goesOn: boolean): Promise<boolean> {
    const { journal, clock } = this.#runtime.ports;
    try {
      if ((await journal.fact(baselineFact)) !== null) return true;
      const { panel, central } = await this.#listBoth(false);
      this.progress = { running: true, done: 0, total: panel.length, problem: null };
      const absent = panel.filter((zone) => !central.has(zone));
      const hidden = await this.#enterPanelOnly(absent, goesOn);
      await this.#compareEach([...panel.filter((zone) => central.has(zone)), ...hidden], goesOn);
      for (const zone of await this.#forgotten()) this.#runtime.agenda.compareSoon(zone, 'forgotten');
      await this.#runtime.store.transact(async (tx) => {
        await listLeftZones(this.#runtime, tx, central);
        tx.with({ facts: { [baselineFact]: String(clock.wall()) } });
      });
      this.progress = { ...this.progress, running: false };
      this.#runtime.rounds.begin([]);
      this.#runtime.ports.log(4, 'baseline.complete', { zones: panel.length });
      return true;
    } catch (error) {
      this.#note(error);
      return false;
    }
  }

  /**
   * Zones with a forgotten operation (`knowledge/forgotten.ts`). It is possible that neither the ledger nor
   * the panel has such a zone.
   */
  async #forgotten(): Promise<readonly DnsName[]> {
    return [...new Set((await this.#runtime.forgotten()).map(({ zone }) => zone))];
  }

  /** @param bySerials whether the serials of the central's zones are wanted too */
  async #listBoth(bySerials: boolean): Promise<Listed> {
    const { panel, journal } = this.#runtime.ports;
    const here = await this.#runtime.gate.quietly('-', () =>
      this.#runtime.timers.step('-', (ctx) => panel.listZones(ctx)),
    );
    const entries = await journal.zones();
    const known = entries.map(({ zone }) => zone);
    const asked = [...new Set([...here.value.zones, ...known, ...(await zonesOfForgotten(journal))])];
    const central = await listCentral(this.#runtime, asked, bySerials);
    return { panel: here.value.zones, central, entries };
  }

  /**
   * Whether the panel created the zone again after this engine has ended its delete. Times cannot show this,
   * because the clock may have been set since.
   */
  async #isMadeAgain(zone: DnsName): Promise<boolean> {
    const { ports, readProofs } = this.#runtime;
    const [last] = await ports.journal.operations({ zone, latest: 1 });
    if (last?.kind !== 'zone-delete' || last.state !== 'confirmed') return false;
    return readProofs.isDeleted(zone, last.id);
  }

  /**
   * Reads each of these zones at the central, although the central's list lacks them, because a filter there
   * may hide zones (docs/protocol.md#list-limits). Zones that the central does not have become `panel-only`.
   * @returns the zones that the central has although its list lacks them
   */
  async #enterPanelOnly(zones: readonly DnsName[], goesOn: boolean): Promise<readonly DnsName[]> {
    const { journal, log } = this.#runtime.ports;
    const known = new Set((await journal.zones()).map(({ zone }) => zone));
    const hidden: DnsName[] = [];
    let entries: ZoneEntry[] = [];
    const commit = async (): Promise<void> => {
      const full = entries;
      entries = [];
      await this.#runtime.store.commit({ zones: full });
    };
    const enter = async (zone: DnsName): Promise<void> => {
      if (known.has(zone)) this.#count();
      else if (await this.#isMadeAgain(zone)) {
        this.#runtime.agenda.compareSoon(zone, 'made-again');
        this.#count();
      } else {
        const seen = await this.#askForZone(zone, goesOn);
        if (seen === 'there') hidden.push(zone);
        else {
          const note = seen === 'missing' ? null : seen;
          entries.push(zoneEntry(this.#runtime, zone, 'panel-only', note));
          this.#count();
        }
      }
      if (entries.length >= 500) await commit();
    };
    const left = zones.values();
    await this.#workOff(() => left.next().value, enter);
    if (entries.length > 0) await commit();
    if (hidden.length > 0) log(2, 'list.hides', { zones: hidden.length });
    return hidden;
  }

  /**
   * Reads one zone at the central. With `goesOn`, a failure that concerns only this zone is returned as a
   * code. A later comparison that can read the zone syncs it.
   */
  async #askForZone(zone: DnsName, goesOn: boolean): Promise<'there' | 'missing' | Unserved> {
    const { central } = this.#runtime.ports;
    try {
      const records = await this.#runtime.timers.step('-', (ctx) => central.readZone(zone, [], ctx));
      return records === null ? 'missing' : 'there';
    } catch (error) {
      // The zone exists as a copy. The caller compares it, and that comparison stores the note about the
      // copy.
      if (error instanceof CentralError && error.code === 'zone.copy') return 'there';
      const code = unservedCode(error);
      if (code !== null && goesOn) return code;
      throw error;
    }
  }

  #count(): void {
    this.progress = { ...this.progress, done: this.progress.done + 1 };
  }

  /** Compares zones, a few at a time. Zones whose comparison an edit waits for come first. */
  async #compareEach(zones: readonly DnsName[], goesOn: boolean): Promise<void> {
    const failing: (CentralError | PanelError)[] = [];
    const left = new Set(zones);
    const next = (): DnsName | undefined => {
      const wanted = [...this.#runtime.agenda.wanted].find((zone) => left.has(zone));
      const zone = wanted ?? first(left);
      if (zone !== undefined) left.delete(zone);
      return zone;
    };
    await this.#workOff(next, async (zone) => {
      if ((await this.#runtime.ports.journal.zone(zone)) === null) {
        const failure = await this.#baselineOf(zone, goesOn);
        if (failure !== null) failing.push(failure);
      }
      this.#count();
    });
    // The failure is thrown only after all zones were compared, so that one zone does not hold up the others.
    const last = failing.at(-1);
    if (last !== undefined) throw last;
  }

  /** Runs `work` for each zone that `next` returns, a few at a time, until the engine stops. */
  async #workOff(next: () => DnsName | undefined, work: (zone: DnsName) => Promise<void>): Promise<void> {
    const { signal } = this.#runtime.timers.stopping;
    const unlessStopping = (): DnsName | undefined => {
      signal.throwIfAborted();
      return next();
    };
    await workOff(unlessStopping, zonesAtOnce, work);
  }

  /**
   * Takes the baseline of one zone.
   * @returns the failure, if the zone has no baseline yet. Null: the zone has one, or with `goesOn` became
   *   `panel-only` with a note
   */
  async #baselineOf(zone: DnsName, goesOn: boolean): Promise<CentralError | PanelError | null> {
    const { journal } = this.#runtime.ports;
    try {
      await compareZone(this.#runtime, zone, { reason: 'baseline', follow: 'no' });
      return null;
    } catch (error) {
      // Another comparison, caused by a hook call or new settings, has taken the baseline in the meantime.
      if (error instanceof Moved && (await journal.zone(zone)) !== null) return null;
      const code = unservedCode(error);
      if (!(error instanceof CentralError || error instanceof PanelError) || code === null) throw error;
      if (!goesOn) return error;
      await this.#runtime.store.commit({ zones: [zoneEntry(this.#runtime, zone, 'panel-only', code)] });
      return null;
    }
  }

  #note(error: unknown): void {
    const known =
      error instanceof CentralError || error instanceof PanelError || error instanceof JournalError;
    if (this.#runtime.timers.isStopping) return;
    const text = error instanceof Error ? error.message : String(error);
    this.#runtime.ports.log(known ? 2 : 1, 'compare.failed', { error: text });
    const problem = known ? error.code : 'engine.defect';
    this.#runtime.rounds.failed(problem);
    this.progress = { ...this.progress, running: false, problem };
  }
}

function first<T>(set: ReadonlySet<T>): T | undefined {
  for (const value of set) return value;
  return undefined;
}

function zonesToCompare({ panel, central, entries }: Listed): DnsName[] {
  const known = new Map(entries.map((entry) => [entry.zone, entry]));
  const here = new Set(panel);
  const due = panel.filter((zone) => {
    const { state, note } = known.get(zone) ?? {};
    // The zone lies below a signed zone, and can be created only once that zone delegates it. So every
    // comparison of all zones includes it.
    if (note === signedAboveNote) return true;
    return state === undefined || state === 'synced' || (state !== 'excluded' && central.has(zone));
  });
  return [...due, ...entries.map(({ zone }) => zone).filter((zone) => !here.has(zone))];
}
