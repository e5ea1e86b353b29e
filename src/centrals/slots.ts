import type { CentralError } from '../core/central.ts';
import { outage } from './errors.ts';

interface Line {
  running: number;
  /** How many calls have ended without an error so far. */
  done: number;
  /** Functions that start the waiting calls, in the order in which the calls came. */
  readonly waiting: Set<() => void>;
}

/**
 * Limits how many calls with the same key run at once. The others wait in the order in which they came. Calls
 * with different keys do not wait for each other.
 */
export class Slots {
  readonly #atOnce: () => number;
  readonly #lines = new Map<string, Line>();

  /** @param atOnce at least 1. A function is asked whenever a call comes or ends, so the number may change */
  constructor(atOnce: number | (() => number) = 1) {
    this.#atOnce = typeof atOnce === 'number' ? () => atOnce : atOnce;
  }

  /**
   * Waits for a free slot, then does the work. The slot is free again once the work has ended, even with an
   * error.
   * @throws {CentralError} if the signal aborts during the wait. `central.busy`: at least half of the calls
   *   before this one have ended well meanwhile, so there are only too many. `central.unreachable`: fewer
   *   have. Else what the work throws
   */
  async take<T>(key: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    const line = this.#lines.get(key) ?? { running: 0, done: 0, waiting: new Set() };
    this.#lines.set(key, line);
    await this.#enter(line, signal);
    try {
      const value = await work();
      line.done += 1;
      return value;
    } finally {
      line.running -= 1;
      this.#begin(line);
      if (line.running === 0) this.#lines.delete(key);
    }
  }

  /** How many calls with this key wait. */
  waiting(key: string): number {
    return this.#lines.get(key)?.waiting.size ?? 0;
  }

  /** Starts waiting calls as long as there are free slots. */
  #begin(line: Line): void {
    for (const next of line.waiting) {
      if (line.running >= this.#atOnce()) return;
      line.waiting.delete(next);
      line.running += 1;
      next();
    }
  }

  async #enter(line: Line, signal: AbortSignal): Promise<void> {
    // If a slot is free, the work is started even if the signal has aborted; the work itself then fails.
    if (line.running < this.#atOnce()) {
      line.running += 1;
      return;
    }
    const ahead = line.running + line.waiting.size;
    const doneBefore = line.done;
    await new Promise<void>((resolve, reject) => {
      const begin = (): void => {
        signal.removeEventListener('abort', giveUp);
        resolve();
      };
      const giveUp = (): void => {
        signal.removeEventListener('abort', giveUp);
        line.waiting.delete(begin);
        reject(waitedTooLong(line.done - doneBefore, ahead));
      };
      line.waiting.add(begin);
      signal.addEventListener('abort', giveUp);
      if (signal.aborted) giveUp();
    });
  }
}

/** @param done how many calls have ended well during the wait. @param ahead how many were there before it */
function waitedTooLong(done: number, ahead: number): CentralError {
  if (2 * done < ahead) return outage('central.unreachable', { text: 'no answer in time' });
  return outage('central.busy', { text: 'too many requests wait' });
}
