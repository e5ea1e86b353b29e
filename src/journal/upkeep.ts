import type { Clock } from '../core/clock.ts';
import { JournalError } from '../core/journal.ts';
import type { Log } from '../core/log.ts';
import type { SqliteJournal } from './sqlite.ts';

export interface UpkeepSettings {
  /** How long an ended operation is kept, milliseconds. */
  readonly keep: number;
  /** How long accounts and addresses are kept, milliseconds. */
  readonly person: number;
  /** If ended operations take more octets than this, the oldest of them are dropped earlier. */
  readonly most: number;
  /**
   * Minimum time for which an ended operation is kept, milliseconds, however many octets are stored. A late
   * `after` call of the panel or a late write may need it.
   */
  readonly recent: number;
}

/** Pause between two rounds of upkeep, milliseconds. */
const everyRound = 3_600_000;
/** Minimum time between two full checks of the file, milliseconds. */
const everyCheck = 86_400_000;
/**
 * The pause after a step is `pauseFactor` times as long as the step, but never shorter than `leastPause`
 * (milliseconds).
 */
const leastPause = 20;
const pauseFactor = 9;

/**
 * Maintains a journal in the background: adds missing checksums, drops old operations, and checks the whole
 * file. Each step takes only milliseconds, so that no edit waits long for it.
 */
export class Upkeep {
  readonly #journal: SqliteJournal;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #settings: UpkeepSettings;
  readonly #stopping = new AbortController();
  readonly #running: Promise<void>;
  #checkedAt = -Infinity;

  /** Starts the first round at once. */
  constructor(journal: SqliteJournal, clock: Clock, log: Log, settings: UpkeepSettings) {
    this.#journal = journal;
    this.#clock = clock;
    this.#log = log;
    this.#settings = settings;
    this.#running = this.#forEver();
  }

  /** Stops the upkeep; resolves when no step runs any more. */
  async stop(): Promise<void> {
    this.#stopping.abort(new Error('stopping'));
    await this.#running;
  }

  async #forEver(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      try {
        await this.#round();
        await this.#clock.sleep(everyRound, signal);
      } catch (error) {
        if (signal.aborted) return;
        const isKnown = error instanceof JournalError;
        const text = error instanceof Error ? error.message : String(error);
        this.#log(isKnown ? 2 : 1, 'journal.upkeep-failed', { error: text });
        await this.#clock.sleep(everyRound, signal).catch(() => {
          // Nothing to handle: the sleep is aborted only by `stop`, and then the loop ends too.
        });
      }
    }
  }

  async #round(): Promise<void> {
    this.#journal.beat();
    await this.#walk((after) => this.#journal.addSums(after));
    await this.#walk((after) => this.#journal.addKeys(after));
    await this.#prune();
    if (this.#clock.now() - this.#checkedAt < everyCheck) return;
    await this.#check();
    this.#checkedAt = this.#clock.now();
  }

  async #prune(): Promise<void> {
    const { keep, person, most, recent } = this.#settings;
    await this.#walk((after) => {
      const now = this.#clock.wall();
      return this.#journal.forgetPersons(after, { person: now - person, since: now - keep });
    });
    await this.#walk((after) => {
      const now = this.#clock.wall();
      return this.#journal.prune(after, { now, since: now - keep, most, recent: now - recent });
    });
  }

  async #check(): Promise<void> {
    await this.#walk((after) => {
      const { last, damaged } = this.#journal.checkLedger(after);
      for (const zone of damaged) this.#log(1, 'journal.zone-damaged', { zone });
      return last;
    });
    let operations = 0;
    await this.#walk((after) => {
      const { last, damaged } = this.#journal.checkOperations(after);
      for (const operation of damaged) this.#log(1, 'journal.operation-damaged', { operation });
      operations += damaged.length;
      return last;
    });
    await this.#journal.noteDamage(operations);
    this.#log(4, 'journal.checked', { damaged: operations });
  }

  /**
   * Calls `step` until it returns null, with a pause after each call.
   * @param step gets the result of the previous call; the first call gets an empty text
   */
  async #walk(step: (after: string) => string | null): Promise<void> {
    for (let after: string | null = ''; after !== null;) {
      const began = this.#clock.now();
      after = step(after);
      const pause = Math.max(leastPause, (this.#clock.now() - began) * pauseFactor);
      await this.#clock.sleep(pause, this.#stopping.signal);
    }
  }
}
