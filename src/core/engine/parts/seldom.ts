import { restAfter } from './rest.ts';
import type { Runtime } from '../runtime.ts';

/**
 * Runs a background job rarely, however often somebody asks for it. Everyone who asks while it waits or runs
 * shares the next run. Runs take at most a fixed part of the time.
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
   * @param gap least pause after a run, milliseconds; after a long run the pause is {@link restAfter} of its
   *   duration
   * @param job does the work once; must not throw. If it returns false, it has failed and is tried again,
   *   with growing pauses
   */
  constructor(runtime: Runtime, gap: number, job: () => Promise<boolean>) {
    this.#runtime = runtime;
    this.#gap = gap;
    this.#job = job;
  }

  /**
   * Asks for a run. Resolves when no run is due any more, or the engine stops. If another `ask` is still
   * waiting or running, resolves at once; that `ask` makes the run.
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
   * Sleeps at least `confirmDelay`, so that calls at about the same time share a run.
   * @param at monotonic, milliseconds
   * @returns false: the engine stops
   */
  async #sleepUntil(at: number): Promise<boolean> {
    const { clock, settings } = this.#runtime.ports;
    const { signal } = this.#runtime.timers.stopping;
    return await clock.sleep(Math.max(settings.confirmDelay, at - this.#runtime.now), signal).then(
      () => true,
      // If the sleep ends early, the engine is being stopped.
      () => false,
    );
  }
}
