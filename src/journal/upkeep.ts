import type { Clock } from '../core/clock.ts';
import { JournalError } from '../core/journal.ts';
import type { Log } from '../core/log.ts';
import type { SqliteJournal } from './sqlite.ts';

export interface UpkeepSettings {
  /** How long (ms) an ended operation is kept. */
  readonly keep: number;
  /** Octets of operations above which older ones are dropped sooner. */
  readonly most: number;
  /** How long (ms) an ended operation is kept in any case: `after` and late writes still ask for it. */
  readonly recent: number;
}

/** From one round to the next, milliseconds. */
const everyRound = 3_600_000;
/** From one whole check of the file to the next, milliseconds. */
const everyCheck = 86_400_000;
/** Least pause between two steps, milliseconds; and how many times as long as the step took. */
const leastPause = 20;
const pauseFactor = 9;

/**
 * The background work on a journal, in steps of some milliseconds, so that no edit waits for it. It adds
 * checksums where an earlier release left none, drops old operations, and reads and checks the whole file.
 */
export class Upkeep {
  readonly #journal: SqliteJournal;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #settings: UpkeepSettings;
  readonly #stopping = new AbortController();
  readonly #running: Promise<void>;
  #checkedAt = -Infinity;

  /** Starts at once. */
  constructor(journal: SqliteJournal, clock: Clock, log: Log, settings: UpkeepSettings) {
    this.#journal = journal;
    this.#clock = clock;
    this.#log = log;
    this.#settings = settings;
    this.#running = this.#forEver();
  }

  /** Resolves when nothing of it runs any more. */
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
          // Only the stop ends this sleep early, and it ends the loop as well.
        });
      }
    }
  }

  async #round(): Promise<void> {
    await this.#walk((after) => this.#journal.addSums(after));
    await this.#prune();
    if (this.#clock.now() - this.#checkedAt < everyCheck) return;
    await this.#check();
    this.#checkedAt = this.#clock.now();
  }

  async #prune(): Promise<void> {
    const { keep, most, recent } = this.#settings;
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

  /** Step by step, from the first key to the last, with pauses in between. */
  async #walk(step: (after: string) => string | null): Promise<void> {
    for (let after: string | null = ''; after !== null;) {
      const began = this.#clock.now();
      after = step(after);
      const pause = Math.max(leastPause, (this.#clock.now() - began) * pauseFactor);
      await this.#clock.sleep(pause, this.#stopping.signal);
    }
  }
}
