import type { Chances, Drawn } from './chances.ts';
import type { HistoryOptions } from './set-up.ts';
import type { CentralFault } from './sim-central.ts';
import type { JournalCall, JournalFault, PowerCut } from './sim-journal.ts';
import type { World } from './world.ts';

const usualFaults: readonly [CentralFault, ...CentralFault[]] = [
  'refuse',
  'down',
  'lost-answer',
  'late',
  'slow',
];
const allFaults: readonly [CentralFault, ...CentralFault[]] = [...usualFaults, 'no-effect', 'partial'];

const commitFaults: readonly [JournalFault, ...JournalFault[]] = [
  'reserve-gone',
  'read-only',
  'unsynced',
  'busy',
  'unreadable',
];
const readFaults: readonly [JournalFault, ...JournalFault[]] = ['unreadable', 'read-error'];

/** Probability that a single call meets a fault of this kind, if the options of the history ask for it. */
const chances = {
  write: 0.25,
  commit: 0.06,
  wait: 0.03,
  journalRead: 0.02,
  read: 0.04,
  notLive: 0.1,
} as const;

/** Chooses at random which calls meet a fault. The name of each draw contains the call. */
export class Accidents {
  readonly #world: World;
  readonly #chances: Chances;
  readonly #options: Partial<HistoryOptions>;

  constructor(world: World, drawn: Chances, options: Partial<HistoryOptions>) {
    this.#world = world;
    this.#chances = drawn;
    this.#options = options;
  }

  /** Whether calls may meet faults. */
  isOn = false;

  /** From now on, calls may meet faults. */
  begin(): void {
    this.isOn = true;
    const world = this.#world;
    const { journal, writes } = this.#options;
    const breaksOff = this.#options.reads === true || this.#options.arrival === true;
    world.chooseFault = (call) => this.#centralFault(call);
    if (journal === true) world.chooseJournalFault = (call, name) => this.#journalFault(call, name);
    if (breaksOff) world.panelBreaksOff = (call) => this.#happens(`${call} breaks off`, chances.read);
    world.centralTroubles = {
      breaksOff: (call) => breaksOff && this.#happens(`${call} breaks off`, chances.read),
      isNotLive: (call) => writes === true && this.#happens(`${call} late`, chances.notLive),
    };
  }

  /** From now on, no call meets a fault. */
  end(): void {
    this.isOn = false;
    const world = this.#world;
    world.powerCut = null;
    world.chooseFault = () => null;
    world.chooseJournalFault = () => null;
    world.panelBreaksOff = () => false;
    world.centralTroubles = { breaksOff: () => false, isNotLive: () => false };
  }

  #centralFault(call: string): CentralFault | null {
    const kinds = this.#options.writes === true ? allFaults : usualFaults;
    const fault = this.#maybe(`${call} fault`, chances.write, kinds);
    // Outside of a hook call, an engine rightly lists a refused record for an administrator. The laws excuse
    // listed records, which could hide a real violation. So the central refuses writes only during hook
    // calls.
    return fault === 'refuse' && this.#world.answering === 0 ? null : fault;
  }

  #journalFault(call: JournalCall, name: string): JournalFault | PowerCut | null {
    if (call === 'read') return this.#maybe(`${name} fault`, chances.journalRead, readFaults);
    const fault = this.#maybe(`${name} fault`, chances.commit, commitFaults);
    return fault ?? (this.#happens(`${name} waits`, chances.wait) ? 'waits' : null);
  }

  #happens(name: string, probability: number): boolean {
    return this.#chances.chance(name, probability);
  }

  #maybe<T extends Drawn>(name: string, probability: number, values: readonly [T, ...T[]]): T | null {
    return this.#chances.maybe(name, probability, values);
  }
}
