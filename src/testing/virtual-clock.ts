import type { AlarmClock } from '../core/clock.ts';

interface Timer {
  readonly at: number;
  readonly isFirst: boolean;
  readonly fire: () => void;
}

/**
 * A clock that moves only when a test or the simulator moves it. A history of minutes takes milliseconds, and
 * always runs in the same order.
 */
export class VirtualClock implements AlarmClock {
  #now = 0;
  #wallOffset: number;
  readonly #timers: Timer[] = [];

  /** @param wallOffset the wall-clock time at monotonic time 0, in milliseconds since 1970 */
  constructor(wallOffset = 1_700_000_000_000) {
    this.#wallOffset = wallOffset;
  }

  now(): number {
    return this.#now;
  }

  wall(): number {
    return Math.floor(this.#wallOffset + this.#now);
  }

  /** Steps the wall clock by this many milliseconds, like an administrator or NTP. `now` does not change. */
  stepWall(ms: number): void {
    this.#wallOffset += ms;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return this.#sleep(ms, false, signal);
  }

  /** Like `sleep`, but ends before every `sleep` that is due at the same time. */
  sleepAhead(ms: number): Promise<void> {
    return this.#sleep(ms, true);
  }

  #sleep(ms: number, isFirst: boolean, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) {
        reject(reasonOf(signal));
        return;
      }
      const timer: Timer = {
        at: this.#now + Math.max(0, ms),
        isFirst,
        fire: () => {
          signal?.removeEventListener('abort', aborted);
          resolve();
        },
      };
      const aborted = (): void => {
        this.#remove(timer);
        if (signal !== undefined) reject(reasonOf(signal));
      };
      signal?.addEventListener('abort', aborted, { once: true });
      this.#insert(timer);
    });
  }

  /** Waits until all callbacks that are ready have run. */
  settle: () => Promise<void> = settle;

  /**
   * Runs all callbacks that are ready, then moves the time up to and including `until` (monotonic
   * milliseconds).
   */
  async runUntil(until: number): Promise<void> {
    await this.settle();
    await this.#fireAll(until);
    this.#now = Math.max(this.#now, until);
  }

  /**
   * Moves the time until `done` has settled, by at most `limit` milliseconds.
   * @returns the result of `done`
   * @throws Error if it has not settled by then
   */
  async runUntilSettled<T>(done: Promise<T>, limit = 600_000): Promise<T> {
    return await this.#settled(done, limit, async ({ at }) => await this.#fireAll(at));
  }

  /**
   * Like `runUntilSettled`, but runs one timer at a time. Once `done` is settled, other timers that are due
   * at the same time still wait.
   */
  async runJustUntilSettled<T>(done: Promise<T>, limit = 600_000): Promise<T> {
    return await this.#settled(done, limit, async (timer) => await this.#fire(timer));
  }

  async #settled<T>(done: Promise<T>, limit: number, advance: (next: Timer) => Promise<void>): Promise<T> {
    const state = { settled: false };
    const mark = (): void => {
      state.settled = true;
    };
    done.then(mark, mark);
    const end = this.#now + limit;
    await this.settle();
    while (!state.settled) {
      const next = this.#timers[0];
      if (next === undefined || next.at > end)
        throw new Error('nothing left that could settle the promise in time');
      await advance(next);
    }
    return await done;
  }

  /**
   * Moves the time from timer to timer, up to and including `until` (monotonic milliseconds). The caller has
   * already run all callbacks that were ready.
   */
  async #fireAll(until: number): Promise<void> {
    for (let next = this.#timers[0]; next !== undefined && next.at <= until; next = this.#timers[0])
      await this.#fire(next);
  }

  /** Moves time to the first timer. */
  async #fire(timer: Timer): Promise<void> {
    this.#timers.shift();
    this.#now = Math.max(this.#now, timer.at);
    timer.fire();
    await this.settle();
  }

  get pending(): number {
    return this.#timers.length;
  }

  alarm(ms: number, ring: () => void): () => void {
    const timer: Timer = { at: this.#now + Math.max(0, ms), isFirst: false, fire: ring };
    this.#insert(timer);
    return () => this.#remove(timer);
  }

  #remove(timer: Timer): void {
    const at = this.#timers.indexOf(timer);
    if (at >= 0) this.#timers.splice(at, 1);
  }

  #insert(timer: Timer): void {
    let at = this.#timers.length;
    while (at > 0) {
      const before = this.#timers[at - 1];
      if (before === undefined || before.at < timer.at) break;
      if (before.at === timer.at && (before.isFirst || !timer.isFirst)) break;
      at -= 1;
    }
    this.#timers.splice(at, 0, timer);
  }
}

/** Runs all promise callbacks that are ready. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function reasonOf(signal: AbortSignal): Error {
  return signal.reason instanceof Error ? signal.reason : new Error('aborted');
}
