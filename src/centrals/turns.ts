import { shared } from './shared.ts';

/** One after another, in the order of their coming, for each key; different keys do not wait for each other. */
export class Turns {
  readonly #last = new Map<string, Promise<void>>();

  /**
   * Waits for its turn, then does the work; the next begins when the work has ended, however it did.
   * @throws {CentralError} `central.unreachable` when the signal aborts before the turn comes, else what the work throws
   */
  async take<T>(key: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    const before = this.#last.get(key) ?? Promise.resolve();
    const { promise: ended, resolve: end } = Promise.withResolvers<void>();
    const mine = before.then(async () => await ended);
    this.#last.set(key, mine);
    try {
      await shared(before, signal);
      return await work();
    } finally {
      end();
      if (this.#last.get(key) === mine) this.#last.delete(key);
    }
  }
}
