import type { Problem } from '../dns/problem.ts';
import type { Central } from '../core/central.ts';
import type { Engine } from '../core/engine/engine.ts';
import type { EditEvent, Panel } from '../core/panel.ts';
import { putOff, Several } from '../core/several.ts';
import { journalStatus } from '../app/answers/journal-status.ts';
import type { Paths } from '../app/paths.ts';
import { systemClock } from '../app/wiring/clock.ts';
import { SettingsRefused } from '../centrals/connection.ts';
import { wireCentral, wireEngine, type Wired, type WiredCentral } from '../app/wiring/wire.ts';
import { everyCentral, wholeText, type Settings } from '../config/settings.ts';
import { withDeadline } from '../net/deadline.ts';
import type { FileLog } from './log.ts';
import { namer, sameCentral } from './problems.ts';

/** Whether engines can answer hook calls, and if not, why. */
export type AgentState =
  | { readonly kind: 'not-configured' }
  /** Edits are refused because of these problems. */
  | { readonly kind: 'broken'; readonly problems: readonly Problem[] }
  | RunningState;

interface RunningState {
  readonly kind: 'running';
  /** The first central. */
  readonly wired: Wired;
  /** The engines of all centrals, in the order of the settings. */
  readonly centrals: readonly Wired[];
  readonly several: Several;
}

/** Milliseconds between two checks whether a replaced engine has finished its open operations. */
const drainEvery = 1_000;

/**
 * Called when new engines are in force, before any edit reaches them. `before`: the engines that were in
 * force until then.
 */
type Swapped = (centrals: readonly Wired[], before: readonly Wired[]) => void;

/**
 * The engines of the settings in force, one for each central. New settings replace the engines, except those
 * whose own settings stay the same. A replaced engine is closed before another one starts for its account.
 * Any other replaced engine finishes its open operations first.
 */
export class EngineSet {
  readonly #paths: Paths;
  readonly #panel: Panel;
  readonly #log: FileLog;
  readonly #isHolding: () => boolean;
  #state: AgentState = { kind: 'not-configured' };
  #handedOver: Promise<void> = Promise.resolve();
  readonly #answering = new Set<Promise<unknown>>();
  /** Replaced engines that still have open operations. */
  readonly #draining = new Set<Wired>();

  /** @param isHolding whether comparisons wait for the end of a pause */
  constructor(paths: Paths, panel: Panel, log: FileLog, isHolding: () => boolean) {
    this.#isHolding = isHolding;
    this.#paths = paths;
    this.#panel = panel;
    this.#log = log;
  }

  get state(): AgentState {
    return this.#state;
  }

  /** The engines in force; empty unless the state is `running`. */
  get centrals(): readonly Wired[] {
    return this.#state.kind === 'running' ? this.#state.centrals : [];
  }

  /** Resolves when no engine is being replaced. Never rejects. */
  async handedOver(): Promise<void> {
    await this.#handedOver;
  }

  /**
   * Registers a call that is being answered. No engine is closed for a replacement before the call is
   * answered.
   */
  async track<T>(work: Promise<T>): Promise<T> {
    this.#answering.add(work);
    return await work.finally(() => this.#answering.delete(work));
  }

  /**
   * Tells all engines that these edits were refused because of the settings. An engine whose own write into
   * the panel is among them tries that write again.
   */
  putOff(edits: readonly EditEvent[]): void {
    putOff(
      edits,
      [...this.centrals, ...this.#draining].map(({ engine }) => engine),
    );
  }

  /** Stops giving edits to engines. The engines that were in force finish their open operations. */
  idle(state: Exclude<AgentState, { readonly kind: 'running' }>): void {
    const old = this.centrals;
    this.#state = state;
    for (const wired of old) this.#drain(wired);
  }

  /** Closes all engines. Open operations stay in their journals. */
  async close(): Promise<void> {
    const all = [...this.centrals, ...this.#draining];
    this.#draining.clear();
    await Promise.all(all.map((wired) => wired.close()));
  }

  /**
   * Puts settings in force. Centrals with unchanged settings keep their engines. New settings must pass a
   * test of the central, except the first ones after a start. Otherwise, if the central were down when the
   * host starts, no engine would run and edits would not be checked.
   * @throws {SettingsRefused | CentralError | JournalError} the earlier engines stay, or no engine runs
   */
  async swap(settings: Settings, swapped: Swapped): Promise<void> {
    const wanted = everyCentral(settings);
    const running = this.centrals;
    const same = wanted.map((one) =>
      running.find((wired) => isSame(wired, running.length, one, wanted.length)),
    );
    // All settings are unchanged, so somebody wants to try again, for example after a blocked login. So all
    // engines are replaced.
    const renewed = same.every((wired) => wired !== undefined) && running.length === wanted.length;
    const kept = renewed ? wanted.map(() => undefined) : same;
    // In mode `observe` no edit waits for the central, so the central is not tested.
    const test = running.length > 0 && settings.mode !== 'observe';
    const parts = await this.#prepare(wanted, kept, test);
    // Edits that come during the exchange wait for the new engines, so that no closing engine gets an edit.
    const handingOver = this.#handOver(parts, kept, swapped);
    this.#handedOver = handingOver.then(
      () => undefined,
      // The caller gets the error. The edits that have waited are answered after that, according to the new
      // state.
      () => undefined,
    );
    await handingOver;
  }

  async #handOver(parts: readonly Part[], kept: readonly Kept[], swapped: Swapped): Promise<void> {
    const running = this.centrals;
    const isReplaced = (wired: Wired): boolean =>
      !kept.includes(wired) && parts.some((part) => isAccount(part.central, wired.central));
    const retired = running.filter(isReplaced);
    const returning = [...this.#draining].filter(isReplaced);
    // Only one engine may write a journal, so the account's old engine is closed first. The new engine
    // continues the operations in that journal.
    if (retired.length > 0)
      this.#state = { kind: 'broken', problems: [{ code: 'agent.not-running', params: {} }] };
    if (retired.length + returning.length > 0) await this.#retire([...retired, ...returning]);
    const centrals = await this.#wireAll(parts, kept).catch(async (error: unknown) => {
      // An edit must reach all centrals or none. If one central has no engine, the engines of the others are
      // closed too.
      if (retired.length > 0)
        await Promise.all(running.filter((wired) => !retired.includes(wired)).map((wired) => wired.close()));
      throw error;
    });
    this.#state = runningState(centrals, () => this.#draining.values().map(({ engine }) => engine));
    swapped(centrals, running);
    for (const wired of running)
      if (!centrals.includes(wired) && !retired.includes(wired)) this.#drain(wired);
  }

  /**
   * Creates the centrals of the new settings, in order. A kept engine keeps its central.
   * @param test whether new centrals must pass a test of connection, login and rights
   */
  async #prepare(
    wanted: readonly Settings[],
    kept: readonly Kept[],
    test: boolean,
  ): Promise<readonly Part[]> {
    const made: Part[] = [];
    try {
      for (const [at, settings] of wanted.entries()) {
        const old = kept[at];
        const naming = namer(settings.number, wanted.length);
        const central =
          old?.central ?? (await wireCentral(settings, this.#paths.root, this.#log.write).catch(naming));
        made.push({ settings, central });
      }
      const twice = made.find(({ central }, at) =>
        made.slice(0, at).some((one) => isAccount(one.central, central)),
      );
      if (twice !== undefined) throw new SettingsRefused([sameCentral(twice.settings, this.#paths.root)]);
      if (test) {
        await Promise.all(
          made.filter((_, at) => kept[at] === undefined).map((part) => testCentral(part, wanted.length)),
        );
      }
      return made;
    } catch (error) {
      for (const [at, { central }] of made.entries()) if (kept[at] === undefined) await central.close();
      throw error;
    }
  }

  /**
   * Starts an engine for each central that does not keep one. If an engine cannot start, closes those that
   * this call has started, then throws.
   */
  async #wireAll(parts: readonly Part[], kept: readonly Kept[]): Promise<readonly Wired[]> {
    const all: Wired[] = [];
    const panel = { panel: this.#panel, centrals: parts.length, isHolding: this.#isHolding };
    try {
      for (const [at, { central, settings }] of parts.entries())
        all.push(kept[at] ?? (await wireEngine(this.#paths, panel, central, settings, this.#log.write)));
      return all;
    } catch (error) {
      await Promise.all(all.filter((wired) => !kept.includes(wired)).map((wired) => wired.close()));
      throw error;
    }
  }

  /** Closes engines once the calls in progress are answered. */
  async #retire(centrals: readonly Wired[]): Promise<void> {
    await Promise.all(this.#answering);
    for (const wired of centrals) this.#draining.delete(wired);
    await Promise.all(centrals.map((wired) => wired.close()));
  }

  /**
   * Lets an engine finish its open operations, then closes it. While its journal cannot be read, checks again
   * later.
   */
  #drain(wired: Wired): void {
    this.#draining.add(wired);
    let isReported = false;
    const tell = (error: unknown): void => {
      if (!isReported) this.#log.write(1, 'settings.drain-failed', { error: String(error) });
      isReported = true;
    };
    const mayHaveOpen = async (): Promise<boolean> => {
      try {
        return (await journalStatus(wired.journal, systemClock.wall())).open > 0;
      } catch (error) {
        // The engine was closed meanwhile, and its journal with it. So this error means nothing.
        if (this.#draining.has(wired)) tell(error);
        return true;
      }
    };
    const finish = async (): Promise<void> => {
      while (this.#draining.has(wired) && (await mayHaveOpen())) await systemClock.sleep(drainEvery);
      if (this.#draining.delete(wired)) await wired.close();
    };
    finish().catch(tell);
  }
}

/** A central that is being set up. */
interface Part {
  readonly settings: Settings;
  readonly central: WiredCentral;
}

/** The engine that a central keeps; undefined: the central gets a new engine. */
type Kept = Wired | undefined;

async function testCentral({ settings, central }: Part, centrals: number): Promise<void> {
  await withDeadline(settings.deadline, [], (signal) => central.check({ signal, operation: '-' })).catch(
    namer(settings.number, centrals),
  );
}

/** @param former engines of earlier settings */
function runningState(centrals: readonly Wired[], former: () => Iterable<Engine>): RunningState {
  const [wired] = centrals;
  if (wired === undefined) throw new Error('settings without a central');
  const members = centrals.map(({ settings, engine }) => ({ number: settings.number, engine }));
  return { kind: 'running', wired, centrals, several: new Several(members, former) };
}

/**
 * Whether a running engine has exactly these settings. In strict mode, an edit's time is divided among the
 * centrals, so their number must be the same too.
 * @param had number of centrals until now
 * @param has number of centrals from now on
 */
function isSame(wired: Wired, had: number, settings: Settings, has: number): boolean {
  const alone = (one: Settings): string => wholeText({ ...one, further: [] });
  const sameTime = had === has || !settings.verify.strict;
  return sameTime && alone(wired.settings) === alone(settings);
}

/** Whether two centrals are the same account. */
export function isAccount(one: Central, other: Central): boolean {
  return JSON.stringify(one.id) === JSON.stringify(other.id);
}
