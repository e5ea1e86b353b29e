import { statSync } from 'node:fs';
import type { Problem } from '../dns/problem.ts';
import { CentralError } from '../core/central.ts';
import { describe } from '../core/describe.ts';
import { JournalError } from '../core/journal.ts';
import type { HookCall, Panel, PanelEvent, Verdict } from '../core/panel.ts';
import type { CallFacts } from '../core/panel-hand.ts';
import { systemClock } from '../app/clock.ts';
import type { Paths } from '../app/paths.ts';
import { isPaused, pauseEnd, takeEndedMark } from '../app/pause.ts';
import { SettingsRefused, wireCentral, wireEngine, type Wired } from '../app/wire.ts';
import { serverText } from '../config/address.ts';
import { loadSettings, settingsPath, type LoadedSettings, type Settings } from '../config/settings.ts';
import type { FileLog } from './log.ts';
import { Trace } from './trace.ts';

/** How often (ms) it is looked whether a pause is over. */
const pauseLook = 2_000;

/** What stands between a hook call and an engine. */
export type AgentState =
  | { readonly kind: 'not-configured' }
  /** Nothing can be mirrored; edits are refused with these reasons. */
  | { readonly kind: 'broken'; readonly problems: readonly Problem[] }
  | { readonly kind: 'running'; readonly wired: Wired };

/**
 * Answers hook calls by the settings of the moment: follows the settings file, keeps the engine of the settings in force, and lets
 * the engine of earlier ones finish what it had begun. Never throws out of {@link Agent.answer}.
 */
export class Agent {
  readonly paths: Paths;
  readonly trace: Trace;
  readonly #panel: Panel;
  readonly #log: FileLog;
  #seen = '';
  #state: AgentState = { kind: 'not-configured' };
  #changing: Promise<void> = Promise.resolve();
  #handedOver: Promise<void> = Promise.resolve();
  readonly #answering = new Set<Promise<unknown>>();
  /** Engines of earlier settings with operations still open. */
  readonly #draining = new Set<Wired>();
  #minder: NodeJS.Timeout | null = null;
  /** End of the last pause that ran out, milliseconds since 1970: compared once. */
  #endSeen: number | null = null;
  /** Why the newest settings are not in force; null when they are. */
  pending: readonly Problem[] | null = null;

  constructor(paths: Paths, panel: Panel, facts: (call: HookCall) => CallFacts, log: FileLog) {
    this.paths = paths;
    this.trace = new Trace(panel, facts);
    this.#panel = panel;
    this.#log = log;
  }

  get state(): AgentState {
    return this.#state;
  }

  /** Reads the settings for the first time; resolves when hook calls can be answered. */
  async start(): Promise<void> {
    this.#follow();
    await this.#changing;
    this.#mindPause();
    this.#minder = setInterval(() => this.#mindPause(), pauseLook).unref();
  }

  async stop(): Promise<void> {
    if (this.#minder !== null) clearInterval(this.#minder);
    await this.#changing;
    if (this.#state.kind === 'running') await this.#state.wired.close();
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
    this.#follow();
    await this.#handedOver;
    const state = this.#state;
    switch (state.kind) {
      case 'not-configured':
        return { kind: 'accept' };
      case 'broken':
        return refusedUnlessDone(event, state.problems);
      case 'running':
        return await this.#tracked(
          this.#withDeadline(state.wired.settings.deadline, (signal) =>
            state.wired.engine.answer(event, signal),
          ),
        );
    }
  }

  /** What passed during a pause is found by a comparison once it is over: ended by somebody (a mark tells) or by itself. */
  #mindPause(): void {
    if (this.#state.kind === 'broken') this.#follow();
    if (this.#state.kind !== 'running') return;
    const end = pauseEnd(this.paths.pause);
    const ranOut = end !== null && end <= systemClock.wall() && end !== this.#endSeen;
    if (ranOut) this.#endSeen = end;
    if (!takeEndedMark(this.paths.pause) && !ranOut) return;
    this.#log.write(4, 'pause.over', {});
    this.#state.wired.engine.compare('all', 'pause-over', 'braked');
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
    const settings = this.#state.kind === 'running' ? this.#state.wired.settings : null;
    const language = this.#panel.language(call);
    const details = this.#panel.isAdmin(call);
    const { changed, problems } = verdict;
    const text = describe(problems, { language, changed, contact: settings?.contact ?? null, details });
    const shown = details || settings === null ? text : withoutNames(text, settings);
    return this.#panel.encode(verdict, shown).output;
  }

  /** Looks whether the settings file is another one than last time; a change is carried out in the background. */
  #follow(): void {
    const stat = statSync(settingsPath(this.paths.root), { bigint: true, throwIfNoEntry: false });
    const seen = stat === undefined ? 'none' : `${stat.ino} ${stat.size} ${stat.mtimeNs} ${stat.ctimeNs}`;
    if (seen === this.#seen) return;
    this.#seen = seen;
    this.#changing = this.#changing.then(() => this.#change());
  }

  async #change(): Promise<void> {
    const loaded = loadSettings(this.paths.root);
    this.#log.write(4, 'settings.read', { path: loaded.path, kind: loaded.kind });
    try {
      await this.#take(loaded);
    } catch (error) {
      const problems = problemsOf(error);
      this.#log.write(1, 'settings.not-in-force', { codes: problems.map(({ code }) => code).join(' ') });
      this.pending = problems;
      if (this.#state.kind !== 'running') this.#state = { kind: 'broken', problems };
      // A full disk, or a killed agent that has not quite gone: the same settings are tried again.
      if (error instanceof JournalError) this.#seen = '';
    }
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
    // Running settings stay in force while a new file is broken; an emptied one ends the mirroring.
    if (problems !== null && this.#state.kind === 'running') return;
    const old = this.#state;
    this.#state = problems === null ? { kind: 'not-configured' } : { kind: 'broken', problems };
    if (old.kind === 'running') this.#drain(old.wired);
  }

  /** The first settings count at once, so that a central that is down at boot does not switch the veto off; later ones after a
   * passed test. */
  async #configure(settings: Settings): Promise<void> {
    const central = await wireCentral(settings, this.paths.root);
    const old = this.#state.kind === 'running' ? this.#state.wired : null;
    if (old !== null) {
      await this.#withDeadline(settings.deadline, (signal) => central.check({ signal, operation: '-' }));
    }
    const sameJournal = old !== null && JSON.stringify(old.central.id) === JSON.stringify(central.id);
    // The journal has one writer: with the same account the old engine ends first, its operations go on in the new one.
    const handOver = async (): Promise<void> => {
      if (sameJournal) await this.#retire(old);
      const wired = await wireEngine(this.paths, this.#panel, central, settings, this.#log.write);
      this.#state = { kind: 'running', wired };
      if (old !== null && !sameJournal) this.#drain(old);
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

  /** Ends an engine for good: the edits it is answering are answered first. */
  async #retire(wired: Wired): Promise<void> {
    this.#state = { kind: 'broken', problems: [{ code: 'agent.not-running', params: {} }] };
    await Promise.all(this.#answering);
    await wired.close();
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

/** A text may name the central's host, our account there, name servers asked; that is nobody's business but the administrator's. */
function withoutNames(text: string, { address, username, verify }: Settings): string {
  const { host, hostname } = new URL(address);
  const asked = verify.servers.flatMap((server) => [serverText(server), server.host]);
  const names = [address, host, hostname, username, ...asked].filter((name) => name.length > 2);
  return names.reduce((clean, name) => clean.replaceAll(name, '[…]'), text);
}

/** A save or delete is refused; what is already done or only looked at is not. */
function refusedUnlessDone(event: PanelEvent, problems: readonly Problem[]): Verdict {
  const asks =
    event.kind === 'invalid' ||
    (event.kind === 'edits' && event.edits.some(({ stage }) => stage === 'before'));
  return asks ? { kind: 'refuse', problems, changed: 'nothing' } : { kind: 'accept' };
}

function problemsOf(error: unknown): readonly Problem[] {
  if (error instanceof SettingsRefused) return error.problems;
  if (error instanceof CentralError) return [error.problem];
  if (error instanceof JournalError) return [{ code: error.code, params: error.params }];
  return [
    { code: 'engine.defect', params: { text: error instanceof Error ? error.message : String(error) } },
  ];
}
