import { restAfter } from './rest.ts';
import type { Runtime } from '../runtime.ts';

/**
 * Runs a background job seldom, however often it is asked for. All who ask while it waits or runs share the
 * next run. Runs take a bounded part of the time.
 */
export class Seldom {
  readonly #runtime: Runtime;
  readonly #gap: number;
  readonly #job: () => Promise<boolean>;
  #asked = false;
  #going = false;
  /** Before this time (monotonic milliseconds) the next run does not begin. */
  #notBefore = -Infinity;

  /**
   * @param gap least time between two runs, milliseconds; after a long run it is {@link restAfter} that run
   * @param job does the work once; must not throw. False: it failed and is tried again, later each time
   */
  constructor(runtime: Runtime, gap: number, job: () => Promise<boolean>) {
    this.#runtime = runtime;
    this.#gap = gap;
    this.#job = job;
  }

  /**
   * Asks for a run. Resolves when no run is due any more, or the engine stops; at once if a run is under way
   * or waits.
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
   * Sleeps at least `confirmDelay`, so that calls at the same moment share a run.
   * @param at monotonic, milliseconds
   * @returns false: the engine stops
   */
  async #sleepUntil(at: number): Promise<boolean> {
    const { clock, settings } = this.#runtime.ports;
    const { signal } = this.#runtime.timers.stopping;
    return await clock.sleep(Math.max(settings.confirmDelay, at - this.#runtime.now), signal).then(
      () => true,
      // Only the engine's stop ends this sleep early.
      () => false,
    );
  }
}
