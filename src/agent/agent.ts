import type { Problem } from '../dns/problem.ts';
import { describe } from '../core/describe.ts';
import { JournalError } from '../core/journal.ts';
import type { HookCall, Panel, PanelEvent, Verdict } from '../core/panel.ts';
import type { CallFacts } from '../core/panel-hand.ts';
import { timeToWrite } from '../core/several.ts';
import type { Paths } from '../app/paths.ts';
import { isPaused, pauseEnd, takeEndedFlag } from '../app/pause.ts';
import { systemClock } from '../app/wiring/clock.ts';
import type { Wired } from '../app/wiring/wire.ts';
import { settingsPath, type LoadedSettings, type Settings } from '../config/settings.ts';
import { withDeadline } from './deadline.ts';
import { EngineSet, isAccount, type AgentState } from './engine-set.ts';
import type { FileLog } from './log.ts';
import { problemsOf, withoutNames } from './problems.ts';
import { SettingsFile } from './settings-file.ts';
import { Trace } from './trace.ts';

/**
 * How often (ms) it is looked whether a pause is over, and at the settings file where its folder cannot be
 * watched.
 */
const checkEvery = 2_000;
/**
 * How long (ms) until settings are tried again that could not come into force; after a refused login, so that
 * no account is locked.
 */
const retryAfter = 5_000;
const retryLogin = [15 * 60_000, 60 * 60_000] as const;
/** Time (ms) for an edit while no settings say another. */
const usualDeadline = 10_000;

/** How long (ms) the comparison after a pause may take; new engines make it once more until then. */
const compareTime = 600_000;

/**
 * Answers hook calls by the settings of the moment. It follows the settings file, keeps the engine of the
 * settings in force, and lets the engine of earlier ones finish its work. Never throws out of {@link
 * Agent.answer}.
 */
export class Agent {
  readonly paths: Paths;
  readonly trace: Trace;
  readonly #panel: Panel;
  readonly #log: FileLog;
  readonly #engines: EngineSet;
  readonly #file: SettingsFile;
  readonly #stopping = new AbortController();
  /** Mark of the settings file that was taken up last, whatever came of it. */
  #seen = '';
  /** The change that is on its way; null: none. */
  #changing: Promise<void> | null = null;
  /** Monotonic time at which the same settings are tried again; null: not before the file changes. */
  #retryAt: number | null = null;
  #refusedLogins = 0;
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
    this.#engines = new EngineSet(paths, panel, log);
    this.#file = new SettingsFile(paths.root);
  }

  get state(): AgentState {
    return this.#engines.state;
  }

  /** Reads the settings for the first time; resolves when hook calls can be answered. */
  async start(): Promise<void> {
    const { stamp, loaded } = this.#file.read();
    await this.#change(loaded, stamp);
    this.#mind();
    this.#file.watch(() => this.#follow());
    this.#minder = setInterval(() => this.#mind(), checkEvery).unref();
  }

  async stop(): Promise<void> {
    if (this.#minder !== null) clearInterval(this.#minder);
    this.#file.close();
    this.#stopping.abort(new Error('stopping'));
    await this.#changing;
    await this.#engines.close();
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
    await this.#engines.handedOver();
    const { state } = this;
    switch (state.kind) {
      case 'not-configured':
        this.#missedOwners ||= mayChangeOwners(event);
        return { kind: 'accept' };
      case 'broken':
        this.#missedOwners ||= mayChangeOwners(event);
        return refusedUnlessDone(event, state.problems);
      case 'running':
        return await this.#engines.track(
          withDeadline(this.#timeToWrite() - (systemClock.now() - began), (signal) =>
            state.several.answer(event, signal),
          ),
        );
    }
  }

  #timeToWrite(): number {
    const { state } = this;
    if (state.kind !== 'running') return usualDeadline;
    return timeToWrite(state.wired.settings.deadline, state.centrals.length);
  }

  /**
   * Waits until the settings of the file as it is now are in force, half of an edit's time at most.
   * @returns why no edit goes by the settings in force; empty: they are those of the file
   */
  async #outdated(): Promise<readonly Problem[]> {
    const params = { path: settingsPath(this.paths.root) };
    if (this.#file.stamp() !== this.#seen && this.#changing !== null) {
      await withDeadline(this.#timeToWrite() / 2, async (signal) => {
        const late = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
        await Promise.race([this.#changing, late]);
      });
    }
    if (this.#file.stamp() !== this.#seen) return [{ code: 'settings.being-tested', params }];
    if (this.pending === null || this.state.kind !== 'running') return [];
    return [{ code: 'settings.not-in-force', params }, ...this.pending];
  }

  #mind(): void {
    this.#follow();
    this.#mindPause();
  }

  /**
   * What passed during a pause is found by a comparison once it is over: ended by somebody (a mark tells) or
   * by itself.
   */
  #mindPause(): void {
    if (this.state.kind !== 'running') return;
    const end = pauseEnd(this.paths.pause);
    const ranOut = end !== null && end <= systemClock.wall() && end !== this.#endSeen;
    if (ranOut) this.#endSeen = end;
    if (!takeEndedFlag(this.paths.pause) && !ranOut) return;
    this.#log.write(4, 'pause.over', {});
    this.#resumedAt = systemClock.now();
    this.#afterPause(this.#engines.centrals);
  }

  #afterPause(centrals: readonly Wired[]): void {
    for (const { engine } of centrals) {
      // Who has which zone may have changed unheard.
      void engine.forgetOwners();
      engine.compare('all', 'pause-over', 'limited');
    }
  }

  #say(call: HookCall, verdict: Verdict): string {
    if (verdict.kind === 'accept') return this.#panel.encode(verdict, '').output;
    const { centrals } = this.#engines;
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

  /**
   * Checks whether the settings file is another one than last time; a change is carried out in the
   * background.
   */
  #follow(): void {
    const isDue = this.#retryAt !== null && systemClock.now() >= this.#retryAt;
    if (this.#changing !== null || (this.#file.stamp() === this.#seen && !isDue)) return;
    this.#changing = this.#changeAll().finally(() => {
      this.#changing = null;
    });
  }

  async #changeAll(): Promise<void> {
    const { signal } = this.#stopping;
    try {
      do {
        const { loaded, stamp } = await this.#file.settled(signal);
        await this.#change(loaded, stamp);
      } while (this.#file.stamp() !== this.#seen && !signal.aborted);
    } catch (error) {
      // The agent's stop ends the wait.
      if (signal.aborted) return;
      this.#log.write(1, 'settings.unreadable', { error: String(error) });
    }
  }

  /** Tries the settings; afterwards they are in force, or {@link pending} says why not. */
  async #change(loaded: LoadedSettings, stamp: string): Promise<void> {
    if (stamp !== this.#seen) {
      this.#log.write(4, 'settings.read', { path: loaded.path, kind: loaded.kind });
      this.#refusedLogins = 0;
    }
    this.#retryAt = null;
    try {
      await this.#take(loaded);
    } catch (error) {
      const problems = problemsOf(error);
      if (stamp !== this.#seen || this.pending === null)
        this.#log.write(1, 'settings.not-in-force', { codes: problems.map(({ code }) => code).join(' ') });
      this.pending = problems;
      if (this.state.kind !== 'running') this.#engines.idle({ kind: 'broken', problems });
      this.#retryAt = systemClock.now() + this.#untilRetry(error);
    }
    this.#seen = stamp;
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
    if (problems !== null && this.state.kind === 'running') return;
    this.#engines.idle(problems === null ? { kind: 'not-configured' } : { kind: 'broken', problems });
  }

  async #configure(settings: Settings): Promise<void> {
    await this.#engines.swap(settings, (centrals, before) => {
      if (this.#missedOwners) for (const { engine } of centrals) void engine.forgetOwners();
      this.#missedOwners = false;
      this.#catchUp(centrals, before);
      // The form ends a pause and saves the settings at once: an engine that has just gone may not have
      // compared yet.
      if (this.#resumedAt !== null && systemClock.now() - this.#resumedAt < compareTime)
        this.#afterPause(centrals.filter((wired) => !before.includes(wired)));
    });
  }

  /**
   * Beside others a central may have been left out for a while: what passed meanwhile is like what passes
   * during a pause.
   */
  #catchUp(centrals: readonly Wired[], before: readonly Wired[]): void {
    if (centrals.length === 1 || before.length === 0) return;
    for (const { central, engine } of centrals) {
      if (!before.some((one) => isAccount(one.central, central)))
        engine.compare('all', 'new-central', 'limited');
    }
  }
}

/** Whether zones may be somebody else's after it. */
function mayChangeOwners({ kind }: PanelEvent): boolean {
  return kind === 'owners' || kind === 'hint';
}

/** Whether it is an edit that the panel has not done yet. */
function asksFirst(event: PanelEvent): boolean {
  return event.kind === 'edits' && event.edits.some(({ stage }) => stage === 'before');
}

/** A save or delete is refused; what is already done or only read is not. */
function refusedUnlessDone(event: PanelEvent, problems: readonly Problem[]): Verdict {
  return event.kind === 'invalid' || asksFirst(event)
    ? { kind: 'refuse', problems, changed: 'nothing' }
    : { kind: 'accept' };
}
