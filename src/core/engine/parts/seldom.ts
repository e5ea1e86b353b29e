import { restAfter } from './rest.ts';
import type { Runtime } from '../runtime.ts';

/**
 * Runs a background job rarely, however often a run is requested. All requests that come before a run begins
 * share this run. Runs take at most a fixed part of the time.
 */
export class Seldom {
  readonly #runtime: Runtime;
  readonly #gap: number;
  readonly #job: () => Promise<boolean>;
  #asked = false;
  #going = false;
  /** The next run does not begin before this time (monotonic milliseconds). */
  #notBefore = -Infinity;

  /**
   * @param gap the shortest pause after a run, milliseconds; after a long run the pause is {@link restAfter}
   *   of the run's duration
   * @param job does the work once; must not throw. False means that the job has failed; then it is run again,
   *   with growing pauses
   */
  constructor(runtime: Runtime, gap: number, job: () => Promise<boolean>) {
    this.#runtime = runtime;
    this.#gap = gap;
    this.#job = job;
  }

  /**
   * Requests a run. Resolves when no run is due any more, or the engine stops. If another call of `ask` has
   * not resolved yet, resolves at once, and the other call makes the run.
   */
  async ask(): Promise<void> {
    this.#asked = true;
    if (this.#going) return;
    this.#going = true;
    try {
      let failures = 0;
      while (this.#isAsked()) {
        if (!(await this.#sleepUntil(this.#notBefore))) return;
        this.#asked = false;
        const began = this.#runtime.now;
        const done = await this.#job();
        const { now } = this.#runtime;
        this.#notBefore = now + Math.max(this.#gap, restAfter(now - began));
        if (done) failures = 0;
        else {
          this.#asked = true;
          this.#notBefore = Math.max(this.#notBefore, now + this.#runtime.timers.backoff(failures));
          failures += 1;
        }
      }
    } finally {
      this.#going = false;
    }
  }

  #isAsked(): boolean {
    return this.#asked;
  }

  /**
   * Sleeps until a time, but at least `confirmDelay`, so that requests at about the same time share a run.
   * @param at monotonic, milliseconds
   * @returns false: the engine stops
   */
  async #sleepUntil(at: number): Promise<boolean> {
    const { ports, timers, now } = this.#runtime;
    return await timers.pause(Math.max(ports.settings.confirmDelay, at - now));
  }
}
