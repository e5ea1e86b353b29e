import { outage } from './errors.ts';

interface Line {
  running: number;
  /** Functions that start the waiting calls, in the order in which the calls came. */
  readonly waiting: (() => void)[];
}

/**
 * Limits how many calls with the same key run at once. The others wait in the order in which they came. Calls
 * with different keys do not wait for each other.
 */
export class Slots {
  readonly #atOnce: number;
  readonly #lines = new Map<string, Line>();

  constructor(atOnce = 1) {
    this.#atOnce = atOnce;
  }

  /**
   * Waits for a free slot, then does the work. The slot is free again once the work has ended, even with an
   * error.
   * @throws {CentralError} `central.unreachable` if the signal aborts during the wait, else what the work
   *   throws
   */
  async take<T>(key: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    const line = this.#lines.get(key) ?? { running: 0, waiting: [] };
    this.#lines.set(key, line);
    await this.#enter(line, signal);
    try {
      return await work();
    } finally {
      const next = line.waiting.shift();
      if (next === undefined) line.running -= 1;
      else next();
      if (line.running === 0) this.#lines.delete(key);
    }
  }

  async #enter(line: Line, signal: AbortSignal): Promise<void> {
    // If a slot is free, the work is started even if the signal has aborted; the work itself then fails.
    if (line.running < this.#atOnce) {
      line.running += 1;
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const begin = (): void => {
        signal.removeEventListener('abort', giveUp);
        resolve();
      };
      const giveUp = (): void => {
        signal.removeEventListener('abort', giveUp);
        line.waiting.splice(line.waiting.indexOf(begin), 1);
        reject(outage('central.unreachable', { text: 'no answer in time' }));
      };
      line.waiting.push(begin);
      signal.addEventListener('abort', giveUp);
      if (signal.aborted) giveUp();
    });
  }
}
