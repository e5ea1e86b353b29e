import { CentralError } from '../core/central.ts';

interface Line {
  running: number;
  /** Those that wait, in the order of their coming. */
  readonly waiting: (() => void)[];
}

/** So many at once for each key, in the order of their coming; different keys do not wait for each other. */
export class Slots {
  readonly #atOnce: number;
  readonly #lines = new Map<string, Line>();

  constructor(atOnce = 1) {
    this.#atOnce = atOnce;
  }

  /**
   * Waits for its turn, then does the work; the next begins when the work has ended, however it did.
   * @throws {CentralError} `central.unreachable` when the signal aborts before the turn comes, else what the
   *   work throws
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
    // Without a word to a server an aborted call ends as any other: by the work itself.
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
        const params = { text: 'no answer in time' };
        reject(new CentralError('central.unreachable', { state: 'untouched', retry: 'later', params }));
      };
      line.waiting.push(begin);
      signal.addEventListener('abort', giveUp);
      if (signal.aborted) giveUp();
    });
  }
}
