import type { Problem } from '../dns/problem.ts';
import type { GuardedCentral } from '../core/breaker.ts';
import type { Central } from '../core/central.ts';
import { describe } from '../core/describe.ts';
import { JournalError } from '../core/journal.ts';
import type { HookCall, Panel, PanelEvent, Verdict } from '../core/panel.ts';
import type { CallFacts } from '../core/panel-hand.ts';
import { Several, timeToWrite } from '../core/several.ts';
import { systemClock } from '../app/wiring/clock.ts';
import type { Paths } from '../app/paths.ts';
import { isPaused, pauseEnd, takeEndedMark } from '../app/pause.ts';
import { SettingsRefused, wireCentral, wireEngine, type Wired } from '../app/wiring/wire.ts';
import { everyCentral, settingsPath, type LoadedSettings, type Settings } from '../config/settings.ts';
import type { FileLog } from './log.ts';
import { namer, problemsOf, sameCentral, withoutNames } from './problems.ts';
import { SettingsFile } from './settings-file.ts';
import { Trace } from './trace.ts';

/** How often (ms) it is looked whether a pause is over, and at the settings file where its folder cannot be watched. */
const lookEvery = 2_000;
/** How long (ms) until settings are tried again that could not come into force; after a refused login, so that no account is locked. */
const retryAfter = 5_000;
const retryLogin = [15 * 60_000, 60 * 60_000] as const;
/** Time (ms) for an edit while no settings say another. */
const usualDeadline = 10_000;

/** How long (ms) the comparison after a pause may take; new engines make it once more until then. */
const compareTime = 600_000;

/** What stands between a hook call and an engine. */
export type AgentState =
  | { readonly kind: 'not-configured' }
  /** Nothing can be mirrored; edits are refused with these reasons. */
  | { readonly kind: 'broken'; readonly problems: readonly Problem[] }
  | {
      readonly kind: 'running';
      /** The first central. */
      readonly wired: Wired;
      /** All of them. */
      readonly centrals: readonly Wired[];
      readonly several: Several;
    };

/**
 * Answers hook calls by the settings of the moment: follows the settings file, keeps the engine of the settings in force, and lets
 * the engine of earlier ones finish what it had begun. Never throws out of {@link Agent.answer}.
 */
export class Agent {
  readonly paths: Paths;
  readonly trace: Trace;
  readonly #panel: Panel;
  readonly #log: FileLog;
  readonly #file: SettingsFile;
  readonly #stopping = new AbortController();
  /** Mark of the settings file that was taken up last, whatever came of it. */
  #seen = '';
  #state: AgentState = { kind: 'not-configured' };
  /** The change that is on its way; null: none. */
  #changing: Promise<void> | null = null;
  /** Monotonic time at which the same settings are tried again; null: not before the file changes. */
  #retryAt: number | null = null;
  #refusedLogins = 0;
  #handedOver: Promise<void> = Promise.resolve();
  readonly #answering = new Set<Promise<unknown>>();
  /** Engines of earlier settings with operations still open. */
  readonly #draining = new Set<Wired>();
  #minder: NodeJS.Timeout | null = null;
  /** End of the last pause that ran out, milliseconds since 1970: compared once. */
  #endSeen: number | null = null;
  /** Monotonic time, ms, at which the last pause was seen to be over; null: there was none. */
  #resumedAt: number | null = null;
  /** Whether a function that may change owners was called while no engine heard of it. */
  #missedOwners = false;
  /** Why the newest settings are not in force; null when they are. */
  pending: readonly Problem[] | null = null;

  constructor(paths: Paths, panel: Panel, facts: (call: HookCall) => CallFacts, log: FileLog) {
    this.paths = paths;
    this.trace = new Trace(panel, facts);
    this.#panel = panel;
    this.#log = log;
    this.#file = new SettingsFile(paths.root);
  }

  get state(): AgentState {
    return this.#state;
  }

  /** Reads the settings for the first time; resolves when hook calls can be answered. */
  async start(): Promise<void> {
    const { mark, loaded } = this.#file.read();
    await this.#change(loaded, mark);
    this.#mind();
    this.#file.watch(() => this.#follow());
    this.#minder = setInterval(() => this.#mind(), lookEvery).unref();
  }

  async stop(): Promise<void> {
    if (this.#minder !== null) clearInterval(this.#minder);
    this.#file.close();
    this.#stopping.abort(new Error('stopping'));
    await this.#changing;
    if (this.#state.kind === 'running') await Promise.all(this.#state.centrals.map((wired) => wired.close()));
    await Promise.all([...this.#draining].map((wired) => wired.close()));
  }

  /** One hook call; gives what the hook is to print. */
  async answer(call: HookCall): Promise<string> {
    const event = this.#panel.decode(call);
    const verdict = await this.trace.note(call, event, await this.#judge(event));
    return this.#say(call, verdict);
  }

  async #judge(event: PanelEvent): Promise<Verdict> {
    if (event.kind === 'ignore' || isPaused(this.paths.pause, systemClock.wall())) return { kind: 'accept' };
    // What is known of owners from before a pause counts for no call after it.
    this.#mindPause();
    this.#follow();
    const began = systemClock.now();
    const outdated = asksFirst(event) ? await this.#outdated() : [];
    if (outdated.length > 0) return { kind: 'refuse', problems: outdated, changed: 'nothing' };
    await this.#handedOver;
    const state = this.#state;
    switch (state.kind) {
      case 'not-configured':
        this.#missedOwners ||= mayChangeOwners(event);
        return { kind: 'accept' };
      case 'broken':
        this.#missedOwners ||= mayChangeOwners(event);
        return refusedUnlessDone(event, state.problems);
      case 'running':
        return await this.#tracked(
          this.#withDeadline(this.#timeToWrite() - (systemClock.now() - began), (signal) =>
            state.several.answer(event, signal),
          ),
        );
    }
  }

  #timeToWrite(): number {
    const state = this.#state;
    if (state.kind !== 'running') return usualDeadline;
    return timeToWrite(state.wired.settings.deadline, state.centrals.length);
  }

  /**
   * Waits until the settings of the file as it is now are in force, half of an edit's time at most.
   * @returns why no edit goes by the settings in force; empty: they are those of the file
   */
  async #outdated(): Promise<readonly Problem[]> {
    const params = { path: settingsPath(this.paths.root) };
    if (this.#file.look() !== this.#seen && this.#changing !== null) {
      await this.#withDeadline(this.#timeToWrite() / 2, async (signal) => {
        const late = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
        await Promise.race([this.#changing, late]);
      });
    }
    if (this.#file.look() !== this.#seen) return [{ code: 'settings.being-tested', params }];
    if (this.pending === null || this.#state.kind !== 'running') return [];
    return [{ code: 'settings.not-in-force', params }, ...this.pending];
  }

  #mind(): void {
    this.#follow();
    this.#mindPause();
  }

  /** What passed during a pause is found by a comparison once it is over: ended by somebody (a mark tells) or by itself. */
  #mindPause(): void {
    if (this.#state.kind !== 'running') return;
    const end = pauseEnd(this.paths.pause);
    const ranOut = end !== null && end <= systemClock.wall() && end !== this.#endSeen;
    if (ranOut) this.#endSeen = end;
    if (!takeEndedMark(this.paths.pause) && !ranOut) return;
    this.#log.write(4, 'pause.over', {});
    this.#resumedAt = systemClock.now();
    this.#afterPause(this.#state.centrals);
  }

  #afterPause(centrals: readonly Wired[]): void {
    for (const { engine } of centrals) {
      // Who has which zone may have changed unheard.
      void engine.forgetOwners();
      engine.compare('all', 'pause-over', 'braked');
    }
  }

  async #tracked<T>(work: Promise<T>): Promise<T> {
    this.#answering.add(work);
    return await work.finally(() => this.#answering.delete(work));
  }

  async #withDeadline<T>(ms: number, body: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const deadline = new AbortController();
    const timer = setTimeout(() => deadline.abort(new Error('deadline')), ms);
    try {
      return await body(deadline.signal);
    } finally {
      clearTimeout(timer);
    }
  }

  #say(call: HookCall, verdict: Verdict): string {
    if (verdict.kind === 'accept') return this.#panel.encode(verdict, '').output;
    const centrals = this.#state.kind === 'running' ? this.#state.centrals : [];
    const language = this.#panel.language(call);
    const details = this.#panel.isAdmin(call);
    const { changed, problems } = verdict;
    const text = describe(problems, {
      language,
      changed,
      contact: centrals[0]?.settings.contact ?? null,
      details,
    });
    const shown = details
      ? text
      : centrals.reduce((clean, { settings }) => withoutNames(clean, settings), text);
    return this.#panel.encode(verdict, shown).output;
  }

  /** Looks whether the settings file is another one than last time; a change is carried out in the background. */
  #follow(): void {
    const isDue = this.#retryAt !== null && systemClock.now() >= this.#retryAt;
    if (this.#changing !== null || (this.#file.look() === this.#seen && !isDue)) return;
    this.#changing = this.#changeAll().finally(() => {
      this.#changing = null;
    });
  }

  async #changeAll(): Promise<void> {
    const { signal } = this.#stopping;
    try {
      do {
        const { loaded, mark } = await this.#file.settled(signal);
        await this.#change(loaded, mark);
      } while (this.#file.look() !== this.#seen && !signal.aborted);
    } catch (error) {
      // The agent's stop ends the wait.
      if (signal.aborted) return;
      this.#log.write(1, 'settings.unreadable', { error: String(error) });
    }
  }

  /** Tries the settings; afterwards they are in force, or {@link pending} says why not. */
  async #change(loaded: LoadedSettings, mark: string): Promise<void> {
    if (mark !== this.#seen) {
      this.#log.write(4, 'settings.read', { path: loaded.path, kind: loaded.kind });
      this.#refusedLogins = 0;
    }
    this.#retryAt = null;
    try {
      await this.#take(loaded);
    } catch (error) {
      const problems = problemsOf(error);
      if (mark !== this.#seen || this.pending === null)
        this.#log.write(1, 'settings.not-in-force', { codes: problems.map(({ code }) => code).join(' ') });
      this.pending = problems;
      if (this.#state.kind !== 'running') this.#state = { kind: 'broken', problems };
      this.#retryAt = systemClock.now() + this.#untilRetry(error);
    }
    this.#seen = mark;
  }

  /** A full disk, or a killed agent that has not quite gone: at the next look. */
  #untilRetry(error: unknown): number {
    if (error instanceof JournalError) return 0;
    if (!problemsOf(error).some(({ code }) => code === 'central.login')) return retryAfter;
    const wait = retryLogin[Math.min(this.#refusedLogins, 1)] ?? retryLogin[1];
    this.#refusedLogins += 1;
    return wait;
  }

  async #take(loaded: LoadedSettings): Promise<void> {
    if (loaded.kind === 'configured') {
      this.#log.level = loaded.settings.logLevel;
      this.#log.format = loaded.settings.logFormat;
      await this.#configure(loaded.settings);
      this.pending = null;
      return;
    }
    const problems = loaded.kind === 'broken' ? loaded.problems : null;
    this.pending = problems;
    // Running settings finish what is begun while a new file is broken; an emptied one ends the mirroring.
    if (problems !== null && this.#state.kind === 'running') return;
    const old = this.#state;
    this.#state = problems === null ? { kind: 'not-configured' } : { kind: 'broken', problems };
    if (old.kind === 'running') for (const wired of old.centrals) this.#drain(wired);
  }

  /** The first settings count at once, so that a central that is down at boot does not switch the veto off; later ones after a
   * passed test. Centrals whose own settings stay as they are go on undisturbed while others come, go or change. */
  async #configure(settings: Settings): Promise<void> {
    const wanted = everyCentral(settings);
    const running = this.#state.kind === 'running' ? this.#state.centrals : [];
    const same = wanted.map((one) =>
      running.find((wired) => isSame(wired, running.length, one, wanted.length)),
    );
    // Nothing changed at all: somebody wants it tried anew, a blocked login for instance.
    const renewed = same.every((wired) => wired !== undefined) && running.length === wanted.length;
    const kept = renewed ? wanted.map(() => undefined) : same;
    const parts = await this.#prepare(wanted, kept, running.length > 0);
    const handOver = async (): Promise<void> => {
      const retired = running.filter(
        (wired) => !kept.includes(wired) && parts.some((part) => isAccount(part.central, wired.central)),
      );
      // The journal has one writer: with the same account the old engine ends first, its operations go on in the new one.
      if (retired.length > 0) await this.#retire(retired);
      const centrals = await this.#wireAll(parts, kept).catch(async (error: unknown) => {
        // Without all of them none may go on by itself.
        if (retired.length > 0)
          await Promise.all(
            running.filter((wired) => !retired.includes(wired)).map((wired) => wired.close()),
          );
        throw error;
      });
      this.#state = runningState(centrals);
      if (this.#missedOwners) for (const { engine } of centrals) void engine.forgetOwners();
      this.#missedOwners = false;
      this.#catchUp(centrals, running);
      // The form ends a pause and saves the settings at once: an engine that has just gone may not have compared yet.
      if (this.#resumedAt !== null && systemClock.now() - this.#resumedAt < compareTime)
        this.#afterPause(centrals.filter((wired) => !running.includes(wired)));
      for (const wired of running)
        if (!centrals.includes(wired) && !retired.includes(wired)) this.#drain(wired);
    };
    // Edits that come in between wait for the new engine instead of asking one that is being closed.
    const handingOver = handOver();
    this.#handedOver = handingOver.then(
      () => undefined,
      // Told by `#change`; the edits that waited are then judged by the state that is left.
      () => undefined,
    );
    await handingOver;
  }

  /** Beside others a central may have been left out for a while: what passed meanwhile is like what passes during a pause. */
  #catchUp(centrals: readonly Wired[], before: readonly Wired[]): void {
    if (centrals.length === 1 || before.length === 0) return;
    for (const { central, engine } of centrals) {
      if (!before.some((one) => isAccount(one.central, central)))
        engine.compare('all', 'new-central', 'braked');
    }
  }

  /**
   * The centrals that are to be, in order; those that are kept as they are.
   * @param test whether new ones have to pass a test of connection, login and rights
   */
  async #prepare(
    wanted: readonly Settings[],
    kept: readonly (Wired | undefined)[],
    test: boolean,
  ): Promise<readonly Part[]> {
    const made: Part[] = [];
    try {
      for (const [at, settings] of wanted.entries()) {
        const old = kept[at];
        const naming = namer(settings.number, wanted.length);
        const central =
          old?.central ?? (await wireCentral(settings, this.paths.root, this.#log.write).catch(naming));
        made.push({ settings, central });
      }
      const twice = made.find(({ central }, at) =>
        made.slice(0, at).some((one) => isAccount(one.central, central)),
      );
      if (twice !== undefined) throw new SettingsRefused([sameCentral(twice.settings, this.paths.root)]);
      if (test) {
        await Promise.all(
          made.filter((_, at) => kept[at] === undefined).map((part) => this.#test(part, wanted.length)),
        );
      }
      return made;
    } catch (error) {
      for (const [at, { central }] of made.entries()) if (kept[at] === undefined) await central.close();
      throw error;
    }
  }

  async #test({ settings, central }: Part, centrals: number): Promise<void> {
    await this.#withDeadline(settings.deadline, (signal) => central.check({ signal, operation: '-' })).catch(
      namer(settings.number, centrals),
    );
  }

  /** An engine for each central that is not kept; all of them or, when one cannot be had, none. */
  async #wireAll(parts: readonly Part[], kept: readonly (Wired | undefined)[]): Promise<readonly Wired[]> {
    const all: Wired[] = [];
    const panel = { panel: this.#panel, centrals: parts.length };
    try {
      for (const [at, { central, settings }] of parts.entries())
        all.push(kept[at] ?? (await wireEngine(this.paths, panel, central, settings, this.#log.write)));
      return all;
    } catch (error) {
      await Promise.all(all.filter((wired) => !kept.includes(wired)).map((wired) => wired.close()));
      throw error;
    }
  }

  /** Ends engines for good: the edits they are answering are answered first. */
  async #retire(centrals: readonly Wired[]): Promise<void> {
    this.#state = { kind: 'broken', problems: [{ code: 'agent.not-running', params: {} }] };
    await Promise.all(this.#answering);
    await Promise.all(centrals.map((wired) => wired.close()));
  }

  /** Lets an engine finish what is open, then closes it. */
  #drain(wired: Wired): void {
    this.#draining.add(wired);
    const finish = async (): Promise<void> => {
      while (this.#draining.has(wired) && (await wired.engine.status()).open > 0)
        await systemClock.sleep(1_000);
      if (this.#draining.delete(wired)) await wired.close();
    };
    finish().catch((error: unknown) => {
      this.#log.write(1, 'settings.drain-failed', {
        error: error instanceof Error ? error.message : String(error),
      });
    });
  }
}

/** A central that is to be. */
interface Part {
  readonly settings: Settings;
  readonly central: GuardedCentral;
}

function runningState(centrals: readonly Wired[]): AgentState {
  const [wired] = centrals;
  if (wired === undefined) throw new Error('settings without a central');
  const members = centrals.map(({ settings, engine }) => ({ number: settings.number, engine }));
  return { kind: 'running', wired, centrals, several: new Several(members) };
}

/** Whether a running central has just these settings; how many there are counts where they share the time of an edit. */
function isSame(wired: Wired, had: number, settings: Settings, has: number): boolean {
  const whole = (one: Settings): string =>
    JSON.stringify({ ...one, further: [], password: one.password.reveal() });
  const sameTime = had === has || !settings.verify.strict;
  return sameTime && whole(wired.settings) === whole(settings);
}

function isAccount(one: Central, other: Central): boolean {
  return JSON.stringify(one.id) === JSON.stringify(other.id);
}

/** Whether zones may be somebody else's after it. */
function mayChangeOwners({ kind }: PanelEvent): boolean {
  return kind === 'owners' || kind === 'hint';
}

/** Whether it is an edit that the panel has not done yet. */
function asksFirst(event: PanelEvent): boolean {
  return event.kind === 'edits' && event.edits.some(({ stage }) => stage === 'before');
}

/** A save or delete is refused; what is already done or only looked at is not. */
function refusedUnlessDone(event: PanelEvent, problems: readonly Problem[]): Verdict {
  return event.kind === 'invalid' || asksFirst(event)
    ? { kind: 'refuse', problems, changed: 'nothing' }
    : { kind: 'accept' };
}
