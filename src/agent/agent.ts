import type { Problem } from '../dns/problem.ts';
import { describe } from '../core/describe.ts';
import { wouldRefuse } from '../core/engine/observe/observer.ts';
import { JournalError } from '../core/journal.ts';
import type { EditEvent, HookCall, Panel, PanelEvent, Verdict } from '../core/panel.ts';
import type { CallFacts } from '../core/panel-hand.ts';
import { timeToWrite } from '../core/several.ts';
import type { ErasedUser, Requests } from '../app/control/protocol.ts';
import type { Paths } from '../app/paths.ts';
import { isObserving, markObserving } from '../app/observing.ts';
import { PauseWatch } from '../app/pause-watch.ts';
import { pauseFiles } from '../app/pause.ts';
import { Unanswerable } from '../app/problems.ts';
import { systemClock } from '../app/wiring/clock.ts';
import type { Wired } from '../app/wiring/wire.ts';
import type { NotifySettings } from '../config/notify-options.ts';
import { settingsPath, type LoadedSettings, type Settings } from '../config/settings.ts';
import { withDeadline } from '../net/deadline.ts';
import { isSystemError } from '../net/system-error.ts';
import { Admission } from './admission.ts';
import { hookWaits, leastTime } from './deadline.ts';
import { Decisions, type DecisionJournal } from './decisions.ts';
import { EngineSet, isAccount, type AgentState } from './engine-set.ts';
import type { FileLog } from './log.ts';
import { problemsOf, withoutNames } from './problems.ts';
import { SettingsFile } from './settings-file.ts';
import { Trace } from './trace.ts';

/**
 * Milliseconds between two checks whether a pause is over. Each check also looks at the settings file, in
 * case its folder cannot be watched.
 */
const checkEvery = 2_000;
/**
 * Time (ms) until settings that could not be put in force are tried again. After a refused login,
 * `retryLogin` is used instead (first pause, all further pauses), so that the central does not lock the
 * account.
 */
const retryAfter = 5_000;
const retryLogin = [15 * 60_000, 60 * 60_000] as const;
/** How long the answer to an edit may take while no settings are in force, milliseconds. */
const usualDeadline = 10_000;

/**
 * Answers hook calls with the engines of the settings in force, and puts new settings in force when the file
 * changes. Replaced engines first finish their work. {@link Agent.answer} never throws.
 */
export class Agent {
  readonly paths: Paths;
  readonly trace: Trace;
  readonly #panel: Panel;
  readonly #log: FileLog;
  readonly #engines: EngineSet;
  readonly #decisions: Decisions;
  readonly #admission = new Admission(() => systemClock.now());
  readonly #file: SettingsFile;
  readonly #pause: PauseWatch;
  readonly #stopping = new AbortController();
  /** Stamp of the settings file when this agent last tried to put it in force, with or without success. */
  #seen = '';
  /** Resolves when the running attempt to put settings in force has ended; null: no attempt is running. */
  #changing: Promise<void> | null = null;
  /**
   * When settings that failed are tried again: monotonic milliseconds. Null: they are tried again only after
   * the file changes.
   */
  #retryAt: number | null = null;
  #refusedLogins = 0;
  #minder: NodeJS.Timeout | null = null;
  /** Whether a call that may change the owners of zones came while no engine was running. */
  #missedOwners = false;
  /** Why the newest settings are not in force; null: they are. */
  pending: readonly Problem[] | null = null;
  /**
   * The recipients of notices, from the newest settings file without mistakes; null: there was no such file.
   * These settings need not be in force, because a refused login with them must be reported too.
   */
  notify: NotifySettings | null = null;
  /**
   * Whether domainsync only observes, so that it refuses no edit. Taken from the newest settings file whose
   * mode could be read, even if its settings are not in force.
   */
  #observes: boolean;
  /** Whether systemd confines this process. */
  readonly isService: boolean;

  constructor(
    paths: Paths,
    panel: Panel,
    facts: (call: HookCall) => CallFacts,
    log: FileLog,
    isService = false,
  ) {
    this.paths = paths;
    this.isService = isService;
    this.trace = new Trace(panel, facts);
    this.#observes = isObserving(paths.observing);
    this.#panel = panel;
    this.#log = log;
    this.#pause = new PauseWatch(pauseFiles(paths.pause), () => systemClock.wall());
    this.#engines = new EngineSet(paths, panel, log, () => this.#pause.isHolding());
    this.#decisions = new Decisions(
      systemClock,
      log.write,
      () => this.#engines.centrals.map(journalOf),
      (edit) => this.#isOwn(edit),
    );
    this.#file = new SettingsFile(paths.root);
  }

  get state(): AgentState {
    return this.#engines.state;
  }

  /**
   * Logs that an import removes more than the safety limits allow, with the operator who forced it and the
   * reason.
   */
  noteForcedImport({ zone, operator = '', force }: Requests['forced-import']): void {
    this.#log.write(4, 'import.forced', { zone, operator, force });
  }

  /** Reads the settings and starts to watch their file. Resolves when the agent can answer hook calls. */
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
    await this.#decisions.flush();
    await this.#engines.close();
  }

  /** Answers one hook call. @returns the text that the hook prints */
  async answer(call: HookCall): Promise<string> {
    const event = this.#panel.decode(call);
    const verdict = await this.trace.note(call, event, await this.#judge(event, call.waitsSince));
    return this.#say(call, verdict);
  }

  /** Removes a user's name and addresses from the history of all centrals. @throws {JournalError} */
  async eraseUser(user: string): Promise<ErasedUser> {
    if (this.state.kind !== 'running') throw new Unanswerable('agent.not-running');
    await this.#decisions.forget(user);
    let [erased, underWay] = [0, 0];
    for (const { history, journal } of this.#engines.centrals) {
      erased += await history.erase(user);
      const open = await journal.operations({ openAt: systemClock.wall() });
      underWay += open.filter(({ actor }) => actor === user).length;
    }
    this.#log.write(4, 'history.erased', { erased, underWay });
    return { erased, underWay };
  }

  async #judge(event: PanelEvent, waitsSince?: number): Promise<Verdict> {
    for (const { engine } of this.#engines.centrals) engine.noticed(event);
    if (event.kind === 'ignore') return { kind: 'accept' };
    if (this.#pause.isPaused()) {
      // A panel read that is running now proves nothing about the records that this call edits.
      for (const { engine } of this.#engines.centrals) void engine.duringCall(event, () => Promise.resolve());
      if (this.state.kind !== 'not-configured') this.#decisions.paused(event);
      return { kind: 'accept' };
    }
    const began = systemClock.wall();
    const verdict = this.#passing(event, await this.#decide(event, waitsSince));
    // No user made the edits of the self-test, so the history of observed edits leaves them out.
    if (!this.#observes || !this.trace.covers(event)) this.#decisions.answered(event, verdict, began);
    return verdict;
  }

  /** In mode `observe`, turns every refusal into an acceptance. */
  #passing(event: PanelEvent, verdict: Verdict): Verdict {
    if (!this.#observes || verdict.kind === 'accept') return verdict;
    const edits = event.kind === 'edits' ? event.edits.filter(({ stage }) => stage === 'before') : [];
    const asked = event.kind === 'invalid' ? [event] : edits;
    return { kind: 'accept', left: asked.map((edit) => wouldRefuse(edit, verdict.problems)) };
  }

  /** @param waitsSince when the panel began to wait, see {@link HookCall} */
  async #decide(event: PanelEvent, waitsSince?: number): Promise<Verdict> {
    // Owners may have changed during a pause, so the end of a pause is handled first.
    this.#mindPause();
    this.#follow();
    const time = this.#timeFor(event, waitsSince);
    const outdated = asksFirst(event) ? await this.#outdated(time() / 2) : [];
    if (outdated.length > 0) return this.#refused(event, outdated);
    await this.#engines.handedOver();
    const { state } = this;
    switch (state.kind) {
      case 'not-configured':
        this.#missedOwners ||= mayChangeOwners(event);
        return { kind: 'accept' };
      case 'broken':
        this.#missedOwners ||= mayChangeOwners(event);
        return this.#refused(event, state.problems);
      case 'running':
        if (time() < leastTime) return this.#late(event);
        return await this.#admitted(event, async () =>
          this.#engines.track(withDeadline(time(), [], (signal) => state.several.answer(event, signal))),
        );
    }
  }

  /**
   * Refuses an edit that could not be answered in time. Writes of our own into the panel are always admitted,
   * because they undo edits.
   */
  async #admitted(event: PanelEvent, answer: () => Promise<Verdict>): Promise<Verdict> {
    if (event.kind !== 'edits' || !asksFirst(event) || event.edits.every((edit) => this.#isOwn(edit)))
      return await answer();
    if (this.#admission.admits(this.#timeToWrite(hookWaits))) return await this.#admission.during(answer);
    return this.#refused(event, [{ code: 'agent.busy', params: {} }]);
  }

  #isOwn(edit: EditEvent): boolean {
    return this.#engines.centrals.some(({ engine }) => engine.isOwn(edit));
  }

  /**
   * Refuses an edit that the panel has not made yet, because of a problem with the settings. Accepts every
   * other event, such as `after`.
   */
  #refused(event: PanelEvent, problems: readonly Problem[]): Verdict {
    if (event.kind !== 'invalid' && !asksFirst(event)) return { kind: 'accept' };
    if (event.kind === 'edits') this.#engines.putOff(event.edits);
    return { kind: 'refuse', problems, changed: 'nothing' };
  }

  /**
   * Refuses an edit for which the panel no longer waits. If the edit were written, the central would have it
   * until it is undone, although the panel has refused it.
   */
  #late(event: PanelEvent): Verdict {
    this.#log.write(2, 'edit.late', {});
    return this.#refused(event, [{ code: 'agent.late', params: {} }]);
  }

  /**
   * Measures how much time is left to carry out a call. The time of an edit begins when the panel starts the
   * hook, and ends before the hook gives up. Other events get the whole time.
   * @returns a function that returns the milliseconds that are left now
   */
  #timeFor(event: PanelEvent, waitsSince?: number): () => number {
    const isWaitedFor = waitsSince !== undefined && asksFirst(event) && !this.#observes;
    const began = isWaitedFor ? waitsSince : systemClock.now();
    const most = isWaitedFor ? hookWaits : Infinity;
    return () => this.#timeToWrite(most) - (systemClock.now() - began);
  }

  /**
   * Returns how long (ms) the write of an edit may take. @param most limit that holds for any settings,
   * milliseconds
   */
  #timeToWrite(most: number): number {
    const { state } = this;
    if (state.kind !== 'running') return Math.min(usualDeadline, most);
    return timeToWrite(Math.min(state.wired.settings.deadline, most), state.centrals.length);
  }

  /**
   * Waits until the settings in the file are in force. Call this right after {@link #follow}. If no change is
   * running then, the file's settings were the last ones that were tried.
   * @param most longest wait, milliseconds
   * @returns why the settings in force differ from the file, so that the edit is refused; empty: they are the
   * same
   */
  async #outdated(most: number): Promise<readonly Problem[]> {
    const isChanging = this.#changing !== null;
    if (isChanging && this.#file.stamp() !== this.#seen) {
      await withDeadline(most, [], async (signal) => {
        const late = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
        await Promise.race([this.#changing, late]);
      });
    }
    const params = { path: settingsPath(this.paths.root) };
    if (isChanging && this.#file.stamp() !== this.#seen) return [{ code: 'settings.being-tested', params }];
    if (this.pending === null || this.state.kind !== 'running') return [];
    return [{ code: 'settings.not-in-force', params }, ...this.pending];
  }

  #mind(): void {
    this.#follow();
    this.#mindPause();
    void this.#decisions.flush();
  }

  /** If a pause is over, starts a comparison that finds the edits made during the pause. */
  #mindPause(): void {
    if (this.state.kind !== 'running') return;
    if (this.#pause.isUnsettled)
      this.#pause.settle(this.#engines.centrals.map(({ engine }) => engine.live.comparisons));
    const end = this.#pause.takeEnd();
    if (end === null) return;
    this.#log.write(4, 'pause.over', { again: end === 'again' });
    this.#afterPause(this.#engines.centrals, end === 'anew');
  }

  /**
   * Starts the comparison that follows a pause.
   * @param hadCalls whether calls may have changed owners since the engines last read them
   */
  #afterPause(centrals: readonly Wired[], hadCalls: boolean): void {
    for (const { engine } of centrals) {
      // Owners of zones may have changed during the pause, and no engine learned of it.
      if (hadCalls) void engine.forgetOwners();
      engine.compare('all', 'pause-over', 'limited');
    }
  }

  #say(call: HookCall, verdict: Verdict): string {
    if (verdict.kind === 'accept') return this.#panel.encode(verdict, '').output;
    const { centrals } = this.#engines;
    const language = this.#panel.language(call);
    const details = this.#panel.isAdmin(call);
    const { changed, problems } = verdict;
    const contact = centrals[0]?.settings.contact ?? null;
    const text = describe(problems, { language, changed, contact, details });
    const shown = details
      ? text
      : centrals.reduce((clean, { settings }) => withoutNames(clean, settings), text);
    return this.#panel.encode(verdict, shown).output;
  }

  /**
   * If the settings file has changed, or failed settings are due for another try, starts to put the file's
   * settings in force. Does not wait for the result.
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
      // The agent is stopping, so changes of the file no longer matter.
      if (signal.aborted) return;
      this.#log.write(1, 'settings.unreadable', { error: String(error) });
    }
  }

  /** Tries to put settings in force. If that fails, {@link pending} holds the reasons. */
  async #change(loaded: LoadedSettings, stamp: string): Promise<void> {
    if (stamp !== this.#seen) {
      this.#log.write(4, 'settings.read', { path: loaded.path, kind: loaded.kind });
      this.#refusedLogins = 0;
    }
    this.#retryAt = null;
    this.#setMode(loaded);
    try {
      await this.#take(loaded);
    } catch (error) {
      const problems = problemsOf(error);
      if (stamp !== this.#seen || this.pending === null)
        this.#log.write(1, 'settings.not-in-force', { codes: problems.map(({ code }) => code).join(' ') });
      this.pending = problems;
      if (this.state.kind !== 'running' || this.#isAhead) this.#engines.idle({ kind: 'broken', problems });
      this.#retryAt = systemClock.now() + this.#untilRetry(error);
    }
    this.#seen = stamp;
  }

  /**
   * Stores the mode, also in a file for the hook script. The script needs it when no agent answers: it then
   * refuses edits only in mode `strict`.
   */
  #setMode(loaded: LoadedSettings): void {
    const mode = loaded.kind === 'not-configured' ? 'strict' : modeIn(loaded);
    if (mode === null) return;
    this.#observes = mode === 'observe';
    try {
      markObserving(this.paths.observing, this.#observes);
    } catch (error) {
      if (!isSystemError(error)) throw error;
      this.#log.write(1, 'observing.not-marked', { error: String(error) });
    }
  }

  /** Whether the newest settings have mode `observe`, while the engines in force still have mode `strict`. */
  get #isAhead(): boolean {
    return this.#observes && this.#engines.centrals.some(({ settings }) => settings.mode === 'strict');
  }

  /**
   * Time (ms) until failed settings are tried again. After a journal error, such as a full disk or a killed
   * agent that has not ended yet, they are tried at the next check.
   */
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
      this.notify = loaded.settings.notify;
      await this.#configure(loaded.settings);
      this.pending = null;
      return;
    }
    const problems = loaded.kind === 'broken' ? loaded.problems : null;
    if (problems === null) this.notify = null;
    this.pending = problems;
    // If the file has mistakes, the running engines continue. If it no longer configures a central, they
    // stop.
    if (problems !== null && this.state.kind === 'running' && !this.#isAhead) return;
    this.#engines.idle(problems === null ? { kind: 'not-configured' } : { kind: 'broken', problems });
  }

  async #configure(settings: Settings): Promise<void> {
    await this.#engines.swap(settings, (centrals, before) => {
      if (this.#missedOwners) for (const { engine } of centrals) void engine.forgetOwners();
      this.#missedOwners = false;
      this.#catchUp(centrals, before);
      // The form may end a pause and save settings at the same time. The old engine may then be replaced
      // before it has made the comparison that follows a pause, so the new one makes it.
      const isNew = (wired: Wired): boolean => !before.includes(wired);
      if (this.#pause.isUnsettled) this.#afterPause(centrals.filter(isNew), false);
    });
  }

  /**
   * Compares the zones of each new central. Edits may have been made while no settings named that central.
   */
  #catchUp(centrals: readonly Wired[], before: readonly Wired[]): void {
    if (before.length === 0) return;
    for (const { central, engine } of centrals) {
      if (!before.some((one) => isAccount(one.central, central)))
        engine.compare('all', 'new-central', 'limited');
    }
  }
}

/** The mode that a settings file asks for; null: its mode cannot be read. */
function modeIn(
  loaded: Exclude<LoadedSettings, { readonly kind: 'not-configured' }>,
): Settings['mode'] | null {
  return loaded.kind === 'configured' ? loaded.settings.mode : loaded.mode;
}

function journalOf({ settings, journal, history }: Wired): DecisionJournal {
  return { number: settings.number, journal, note: history.note };
}

/** Whether this call of the panel may change the owners of zones. */
function mayChangeOwners({ kind }: PanelEvent): boolean {
  return kind === 'owners' || kind === 'hint';
}

/** Whether the event is an edit that the panel has not made yet (`before`). */
function asksFirst(event: PanelEvent): boolean {
  return event.kind === 'edits' && event.edits.some(({ stage }) => stage === 'before');
}
