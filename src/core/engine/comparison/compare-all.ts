import type { DnsName } from '../../../dns/name.ts';
import { CentralError } from '../../central.ts';
import { JournalError } from '../../journal.ts';
import type { ZoneEntry } from '../../ledger.ts';
import { PanelError } from '../../panel.ts';
import { compareZone } from './compare.ts';
import { unservedCode, type Unserved } from './unserved.ts';
import type { CompareRequest } from '../parts/agenda.ts';
import type { Runtime } from '../runtime.ts';
import { signedAboveNote } from '../before/signed-above.ts';
import { baselineFact } from '../before/unknown-zone.ts';

/** How far the comparison of all zones is. */
export interface ComparisonProgress {
  readonly running: boolean;
  readonly done: number;
  readonly total: number;
  /** Code of the last failure, null when there was none. */
  readonly problem: string | null;
}

/** Tries (some minutes) in which a central that has just been started becomes able to serve its zones. */
const patientAttempts = 10;

/** The first comparison, and every later one of all zones. */
export class CompareAll {
  readonly #runtime: Runtime;
  readonly #retrying = new Set<CompareRequest['follow']>();
  /** When the first comparison began; milliseconds since 1970. */
  #beganAt = Infinity;
  progress: ComparisonProgress = { running: false, done: 0, total: 0, problem: null };

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
  }

  /** Takes the baseline if there is none, trying again until it is complete or the engine stops. */
  async untilBaseline(): Promise<void> {
    const { clock } = this.#runtime.ports;
    const { signal } = this.#runtime.timers.stopping;
    this.#beganAt = clock.wall();
    for (let attempts = 0; !signal.aborted; attempts += 1) {
      if (await this.#baselineOnce(attempts >= patientAttempts)) return;
      await clock.sleep(this.#runtime.timers.backoff(attempts), signal).catch(() => {
        // Only the engine's stop ends this sleep early, and it ends the loop as well.
      });
    }
  }

  /**
   * Compares every zone that may have changed on either side, again until it succeeds or the engine stops.
   * Edits made during a pause must not wait for the next hourly comparison because the central was down for a
   * moment.
   */
  async untilDone(reason: string, follow: CompareRequest['follow']): Promise<void> {
    const { clock } = this.#runtime.ports;
    const { signal } = this.#runtime.timers.stopping;
    // One that waits for its next try will do for all that ask for the same.
    if (this.#retrying.has(follow)) {
      await this.everything(reason, follow);
      return;
    }
    this.#retrying.add(follow);
    for (let attempts = 0; !signal.aborted; attempts += 1) {
      if (await this.everything(reason, follow)) break;
      await clock.sleep(this.#runtime.timers.backoff(attempts), signal).catch(() => {
        // Only the engine's stop ends this sleep early, and it ends the loop as well.
      });
    }
    this.#retrying.delete(follow);
  }

  /**
   * Compares every zone that may have changed on either side; returns false when it could not be completed.
   */
  async everything(reason: string, follow: CompareRequest['follow'] = 'no'): Promise<boolean> {
    try {
      const { panel, central } = await this.#listBoth();
      const entries = await this.#runtime.ports.journal.zones();
      for (const zone of zonesToCompare(panel, central, entries))
        this.#runtime.agenda.compareSoon(zone, reason, follow);
      return true;
    } catch (error) {
      this.#note(error);
      return false;
    }
  }

  /** @param goesOn whether zones that the central cannot serve hold up the others no longer */
  async #baselineOnce(goesOn: boolean): Promise<boolean> {
    const { journal, clock } = this.#runtime.ports;
    try {
      if ((await journal.fact(baselineFact)) !== null) return true;
      const { panel, central } = await this.#listBoth();
      this.progress = { running: true, done: 0, total: panel.length, problem: null };
      const absent = panel.filter((zone) => !central.has(zone));
      const hidden = await this.#enterPanelOnly(absent, goesOn);
      await this.#compareOneByOne([...panel.filter((zone) => central.has(zone)), ...hidden], goesOn);
      await this.#runtime.store.commit({ facts: { [baselineFact]: String(clock.wall()) } });
      this.progress = { ...this.progress, running: false };
      this.#runtime.ports.log(4, 'baseline.complete', { zones: panel.length });
      return true;
    } catch (error) {
      this.#note(error);
      return false;
    }
  }

  async #listBoth(): Promise<{ panel: readonly DnsName[]; central: ReadonlySet<DnsName> }> {
    const { panel, central, journal } = this.#runtime.ports;
    const here = await this.#runtime.gate.quietly('-', () =>
      this.#runtime.timers.step('-', (ctx) => panel.listZones(ctx)),
    );
    const known = (await journal.zones()).map(({ zone }) => zone);
    const asked = [...new Set([...here.value.zones, ...known])];
    const there = await this.#runtime.timers.step('-', (ctx) => central.listZones(asked, ctx));
    return { panel: here.value.zones, central: new Set(there) };
  }

  /**
   * Whether the panel has deleted the zone, and we at the central, while the first comparison was under way:
   * the panel has made it again.
   */
  async #isMadeAgain(zone: DnsName): Promise<boolean> {
    const [last] = await this.#runtime.ports.journal.operations({ zone, latest: 1 });
    return last?.kind === 'zone-delete' && last.state === 'confirmed' && last.changedAt >= this.#beganAt;
  }

  /**
   * Zones that the central's list does not have are asked for one by one: a filter somebody set there may
   * hide them (docs/protocol.md#list-limits). Those it says are missing are left alone as a whole.
   * @returns the others
   */
  async #enterPanelOnly(zones: readonly DnsName[], goesOn: boolean): Promise<readonly DnsName[]> {
    const { journal, clock, log } = this.#runtime.ports;
    const known = new Set((await journal.zones()).map(({ zone }) => zone));
    const hidden: DnsName[] = [];
    let entries: ZoneEntry[] = [];
    for (const zone of zones) {
      this.#runtime.timers.stopping.signal.throwIfAborted();
      if (known.has(zone)) this.#count();
      else if (await this.#isMadeAgain(zone)) {
        this.#runtime.agenda.compareSoon(zone, 'made-again');
        this.#count();
      } else {
        const seen = await this.#askForZone(zone, goesOn);
        if (seen === 'there') hidden.push(zone);
        else {
          const note = seen === 'missing' ? null : seen;
          entries.push({ zone, state: 'panel-only', incarnation: 1, baselineAt: clock.wall(), note });
          this.#count();
        }
      }
      if (entries.length < 500) continue;
      await this.#runtime.store.commit({ zones: entries });
      entries = [];
    }
    if (entries.length > 0) await this.#runtime.store.commit({ zones: entries });
    if (hidden.length > 0) log(2, 'list.hides', { zones: hidden.length });
    return hidden;
  }

  /**
   * A zone that the central cannot serve even now is left alone with that note; the comparison that sees it
   * again joins it.
   */
  async #askForZone(zone: DnsName, goesOn: boolean): Promise<'there' | 'missing' | Unserved> {
    const { central } = this.#runtime.ports;
    try {
      const records = await this.#runtime.timers.step('-', (ctx) => central.readZone(zone, [], ctx));
      return records === null ? 'missing' : 'there';
    } catch (error) {
      // The comparison notes it.
      if (error instanceof CentralError && error.code === 'zone.copy') return 'there';
      const code = unservedCode(error);
      if (code !== null && goesOn) return code;
      throw error;
    }
  }

  #count(): void {
    this.progress = { ...this.progress, done: this.progress.done + 1 };
  }

  /** A zone somebody waits for with an edit comes first. */
  async #compareOneByOne(zones: readonly DnsName[], goesOn: boolean): Promise<void> {
    let failing: CentralError | PanelError | null = null;
    const left = new Set(zones);
    while (left.size > 0) {
      this.#runtime.timers.stopping.signal.throwIfAborted();
      const wanted = [...this.#runtime.agenda.wanted].find((zone) => left.has(zone));
      const zone = wanted ?? first(left);
      if (zone === undefined) break;
      left.delete(zone);
      if ((await this.#runtime.ports.journal.zone(zone)) === null)
        failing = (await this.#baselineOf(zone, goesOn)) ?? failing;
      this.#count();
    }
    // The others have their baseline by now.
    if (failing !== null) throw failing;
  }

  /**
   * @returns why the zone has no baseline yet; with `goesOn` a zone that one side cannot show is left to the
   *   panel with a note
   */
  async #baselineOf(zone: DnsName, goesOn: boolean): Promise<CentralError | PanelError | null> {
    const { clock } = this.#runtime.ports;
    try {
      await compareZone(this.#runtime, zone, { reason: 'baseline', follow: 'no' });
      return null;
    } catch (error) {
      const code = unservedCode(error);
      if (!(error instanceof CentralError || error instanceof PanelError) || code === null) throw error;
      if (!goesOn) return error;
      const entry = { zone, state: 'panel-only', incarnation: 1, baselineAt: clock.wall() } as const;
      await this.#runtime.store.commit({ zones: [{ ...entry, note: code }] });
      return null;
    }
  }

  #note(error: unknown): void {
    const known =
      error instanceof CentralError || error instanceof PanelError || error instanceof JournalError;
    if (this.#runtime.timers.isStopping) return;
    const text = error instanceof Error ? error.message : String(error);
    this.#runtime.ports.log(known ? 2 : 1, 'compare.failed', { error: text });
    this.progress = { ...this.progress, running: false, problem: known ? error.code : 'engine.defect' };
  }
}

function first<T>(set: ReadonlySet<T>): T | undefined {
  for (const value of set) return value;
  return undefined;
}

function zonesToCompare(
  panel: readonly DnsName[],
  central: ReadonlySet<DnsName>,
  entries: readonly ZoneEntry[],
): DnsName[] {
  const known = new Map(entries.map((entry) => [entry.zone, entry]));
  const here = new Set(panel);
  const due = panel.filter((zone) => {
    const { state, note } = known.get(zone) ?? {};
    // Made as soon as the zone above delegates it.
    if (note === signedAboveNote) return true;
    return state === undefined || state === 'synced' || (state !== 'excluded' && central.has(zone));
  });
  return [...due, ...entries.map(({ zone }) => zone).filter((zone) => !here.has(zone))];
}
