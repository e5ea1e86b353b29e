import type { Problem } from '../dns/problem.ts';
import type { GuardedCentral } from '../core/breaker.ts';
import type { Central } from '../core/central.ts';
import type { Engine } from '../core/engine/engine.ts';
import type { EditEvent, Panel } from '../core/panel.ts';
import { putOff, Several } from '../core/several.ts';
import { journalStatus } from '../app/answers/journal-status.ts';
import type { Paths } from '../app/paths.ts';
import { systemClock } from '../app/wiring/clock.ts';
import { SettingsRefused } from '../centrals/connection.ts';
import { wireCentral, wireEngine, type Wired } from '../app/wiring/wire.ts';
import { everyCentral, type Settings } from '../config/settings.ts';
import { withDeadline } from './deadline.ts';
import type { FileLog } from './log.ts';
import { namer, sameCentral } from './problems.ts';

/** Whether hook calls can go to engines. */
export type AgentState =
  | { readonly kind: 'not-configured' }
  /** Edits are refused for these reasons. */
  | { readonly kind: 'broken'; readonly problems: readonly Problem[] }
  | RunningState;

interface RunningState {
  readonly kind: 'running';
  /** The first central. */
  readonly wired: Wired;
  /** Engines of all centrals, in the order of the settings. */
  readonly centrals: readonly Wired[];
  readonly several: Several;
}

/** Time (ms) between two checks whether a drained engine has finished. */
const drainEvery = 1_000;

/**
 * Called when new engines are in force, before any edit reaches them. `before`: those in force until then.
 */
type Swapped = (centrals: readonly Wired[], before: readonly Wired[]) => void;

/**
 * The engines of the settings in force, one for each central. New settings swap them. An engine with
 * unchanged settings stays. One whose account a new engine takes over is closed first. Any other is drained:
 * it finishes its open operations. A draining engine is closed first as well, if its account comes back.
 */
export class EngineSet {
  readonly #paths: Paths;
  readonly #panel: Panel;
  readonly #log: FileLog;
  #state: AgentState = { kind: 'not-configured' };
  #handedOver: Promise<void> = Promise.resolve();
  readonly #answering = new Set<Promise<unknown>>();
  /** Engines of earlier settings with operations still open. */
  readonly #draining = new Set<Wired>();

  constructor(paths: Paths, panel: Panel, log: FileLog) {
    this.#paths = paths;
    this.#panel = panel;
    this.#log = log;
  }

  get state(): AgentState {
    return this.#state;
  }

  /** The engines in force; none unless the state is `running`. */
  get centrals(): readonly Wired[] {
    return this.#state.kind === 'running' ? this.#state.centrals : [];
  }

  /** Resolves when no swap of engines is in progress. Never rejects. */
  async handedOver(): Promise<void> {
    await this.#handedOver;
  }

  /** While this call is being answered, no engine is closed for a new one. */
  async track<T>(work: Promise<T>): Promise<T> {
    this.#answering.add(work);
    return await work.finally(() => this.#answering.delete(work));
  }

  /**
   * Tells all engines that these edits were refused because of the settings. An engine that puts the panel
   * back tries again.
   */
  putOff(edits: readonly EditEvent[]): void {
    putOff(
      edits,
      [...this.centrals, ...this.#draining].map(({ engine }) => engine),
    );
  }

  /** Stops sending edits to engines; those in force finish their open operations. */
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
   * Puts settings in force. The first settings come into force without a test, so that edits are not accepted
   * unchecked while a central is down at boot. Later ones must pass a test first. Centrals with unchanged
   * settings keep their engines.
   * @throws {SettingsRefused | CentralError | JournalError} the earlier engines stay, or no engine runs
   */
  async swap(settings: Settings, swapped: Swapped): Promise<void> {
    const wanted = everyCentral(settings);
    const running = this.centrals;
    const same = wanted.map((one) =>
      running.find((wired) => isSame(wired, running.length, one, wanted.length)),
    );
    // If nothing has changed, somebody wants a new try, e.g. after a blocked login. Then all engines are new.
    const renewed = same.every((wired) => wired !== undefined) && running.length === wanted.length;
    const kept = renewed ? wanted.map(() => undefined) : same;
    const parts = await this.#prepare(wanted, kept, running.length > 0);
    // Edits that arrive meanwhile wait for the new engines, so that no closing engine gets them.
    const handingOver = this.#handOver(parts, kept, swapped);
    this.#handedOver = handingOver.then(
      () => undefined,
      // The caller reports the error. Edits that waited are answered by the resulting state.
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
    // A journal has one writer, so the old engine of an account closes first. The new one continues its
    // operations.
    if (retired.length > 0)
      this.#state = { kind: 'broken', problems: [{ code: 'agent.not-running', params: {} }] };
    if (retired.length + returning.length > 0) await this.#retire([...retired, ...returning]);
    const centrals = await this.#wireAll(parts, kept).catch(async (error: unknown) => {
      // If one central has no engine, the others must not continue alone.
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
   * Makes the centrals of the new settings, in order; kept engines keep theirs.
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
   * Starts an engine for each central that has none. If one fails, closes those it has started, and throws.
   */
  async #wireAll(parts: readonly Part[], kept: readonly Kept[]): Promise<readonly Wired[]> {
    const all: Wired[] = [];
    const panel = { panel: this.#panel, centrals: parts.length };
    try {
      for (const [at, { central, settings }] of parts.entries())
        all.push(kept[at] ?? (await wireEngine(this.#paths, panel, central, settings, this.#log.write)));
      return all;
    } catch (error) {
      await Promise.all(all.filter((wired) => !kept.includes(wired)).map((wired) => wired.close()));
      throw error;
    }
  }

  /** Closes engines, after the calls in progress are answered. */
  async #retire(centrals: readonly Wired[]): Promise<void> {
    await Promise.all(this.#answering);
    for (const wired of centrals) this.#draining.delete(wired);
    await Promise.all(centrals.map((wired) => wired.close()));
  }

  /** Lets an engine finish what is open, then closes it. A failed read of its journal is tried again. */
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
        // An engine that left the set has a closed journal; its error means nothing.
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
  readonly central: GuardedCentral;
}

/** The engine that a central keeps; undefined: it needs a new one. */
type Kept = Wired | undefined;

async function testCentral({ settings, central }: Part, centrals: number): Promise<void> {
  await withDeadline(settings.deadline, (signal) => central.check({ signal, operation: '-' })).catch(
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
 * Whether a running engine has exactly these settings. In strict mode the number of centrals counts too, as
 * they share the time of an edit.
 * @param had how many centrals there were
 * @param has how many centrals there will be
 */
function isSame(wired: Wired, had: number, settings: Settings, has: number): boolean {
  const whole = (one: Settings): string =>
    JSON.stringify({ ...one, further: [], password: one.password.reveal() });
  const sameTime = had === has || !settings.verify.strict;
  return sameTime && whole(wired.settings) === whole(settings);
}

/** Whether two centrals are the same account. */
export function isAccount(one: Central, other: Central): boolean {
  return JSON.stringify(one.id) === JSON.stringify(other.id);
}
