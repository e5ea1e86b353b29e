import { Decisions, type DecisionJournal } from '../../agent/decisions.ts';
import { PauseWatch } from '../../app/pause-watch.ts';
import type { PauseFiles } from '../../app/pause.ts';
import type { AlarmClock } from '../../core/clock.ts';
import type { Decision } from '../../core/decision.ts';
import type { Engine } from '../../core/engine/engine.ts';
import type { PanelEvent } from '../../core/panel.ts';
import type { VirtualClock } from '../virtual-clock.ts';

/**
 * A period in which comparisons wait, in monotonic milliseconds. `until` is `Infinity` while the period
 * lasts.
 */
interface Held {
  readonly from: number;
  until: number;
}

/** A hook call that came in a pause while an agent ran. */
export interface PausedCall {
  readonly event: PanelEvent;
  readonly at: number;
  readonly agent: PausingAgent;
}

/** The pause of a panel's host: the pause's files, and the hook calls that came during the pause. */
export class Pauses {
  readonly #clock: VirtualClock;
  #end: number | null = null;
  #hasFlag = false;
  #isFollowing = false;
  /** Whether the history has pauses. If not, agents do not read the pause's files. */
  isOn = false;
  /** The periods in which comparisons had to wait, in order. */
  readonly held: Held[] = [];
  readonly calls: PausedCall[] = [];
  /** Functions to call when a pause begins, but not when a pause is prolonged. */
  readonly onBegun: (() => void)[] = [];
  /** Decisions about edits without an operation, as agents stored them, by id. */
  readonly decisions = new Map<string, Decision>();
  /** The files of the pause, as the agent reads them. */
  readonly files: PauseFiles = {
    end: () => this.#end,
    hasFlag: () => this.#hasFlag,
    takeFlag: () => {
      this.#hasFlag = false;
      this.#isFollowing = true;
    },
    isFollowing: () => this.#isFollowing,
    removeFollowing: () => {
      this.#isFollowing = false;
    },
  };

  constructor(clock: VirtualClock) {
    this.#clock = clock;
  }

  /** Whether there is a pause at this moment, as the hook script sees it. */
  get isPaused(): boolean {
    return this.#end !== null && this.#clock.wall() < this.#end;
  }

  /** Begins a pause, like the command `pause`. @param lasts milliseconds; null: until somebody resumes */
  begin(lasts: number | null): void {
    const { isPaused } = this;
    this.#hasFlag = true;
    this.#end = lasts === null ? Infinity : this.#clock.wall() + lasts;
    if (this.held.at(-1)?.until !== Infinity) this.held.push({ from: this.#clock.now(), until: Infinity });
    if (!isPaused) for (const call of this.onBegun) call();
  }

  /** Ends a pause, if there is one. @param how `command`: by `resume`; `removed`: its file is removed */
  end(how: 'command' | 'removed'): void {
    this.#hasFlag ||= this.#end !== null && how === 'command';
    this.#end = null;
  }

  /** Remembers that an agent has noticed the end of a pause. */
  taken(): void {
    const last = this.held.at(-1);
    if (last?.until === Infinity) last.until = this.#clock.now();
  }
}

/** Parts of the agent that its pause handling uses. */
interface Parts {
  /** The clock of this run of the agent. It stops when the agent is killed. */
  readonly clock: AlarmClock;
  readonly engines: () => readonly Engine[];
  readonly journals: () => readonly DecisionJournal['journal'][];
  readonly note: (text: string) => void;
}

/** Time (ms) between two checks of an agent whether a pause is over, as in `src/agent/agent.ts`. */
const checkEvery = 2_000;

/** Handles pauses for one run of the agent, in the same way as `src/agent/agent.ts`. */
export class PausingAgent {
  readonly #pauses: Pauses;
  readonly #parts: Parts;
  readonly #watch: PauseWatch;
  readonly #decisions: Decisions;
  /** Whether `begin` was called. Before that, the engines may not run yet. */
  #isRunning = false;

  constructor(pauses: Pauses, parts: Parts) {
    this.#pauses = pauses;
    this.#parts = parts;
    this.#watch = new PauseWatch(pauses.files, () => parts.clock.wall());
    this.#decisions = new Decisions(
      parts.clock,
      () => undefined,
      () => parts.journals().map((journal, at) => ({ number: at + 1, journal, note: this.#note })),
      (edit) => parts.engines().some((engine) => engine.isOwn(edit)),
    );
  }

  readonly #note = (all: readonly Decision[]): void => {
    for (const one of all) this.#pauses.decisions.set(one.id, one);
  };

  /** Whether comparisons have to wait. */
  isHolding(): boolean {
    return this.#watch.isHolding();
  }

  /** Begins to check regularly whether a pause is over. Call this once the engines run. */
  begin(): void {
    this.#isRunning = true;
    this.#lookAgain();
  }

  #lookAgain(): void {
    this.mind();
    void this.#decisions.flush();
    this.#parts.clock.alarm(checkEvery, () => this.#lookAgain());
  }

  /** If a pause is over, starts the comparison that must follow it. */
  mind(): void {
    if (!this.#isRunning) return;
    const engines = this.#parts.engines();
    if (this.#watch.isUnsettled) this.#watch.settle(engines.map(({ live }) => live.comparisons));
    const end = this.#watch.takeEnd();
    if (end === null) return;
    this.#parts.note(`the agent takes the end of a pause ${end}`);
    this.#pauses.taken();
    for (const engine of engines) {
      if (end === 'anew') void engine.forgetOwners();
      engine.compare('all', 'pause-over', 'limited');
    }
  }

  /**
   * Passes a hook call to the engines. @returns whether it comes during a pause, so that it is accepted
   * without them
   */
  hears(event: PanelEvent): boolean {
    for (const engine of this.#parts.engines()) engine.noticed(event);
    if (this.#watch.isPaused()) {
      for (const engine of this.#parts.engines()) void engine.duringCall(event, () => Promise.resolve());
      this.#pauses.calls.push({ event, at: this.#parts.clock.now(), agent: this });
      this.#decisions.paused(event);
      return true;
    }
    this.mind();
    return false;
  }
}
