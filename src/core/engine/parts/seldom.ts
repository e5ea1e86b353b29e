import { restAfter } from './rest.ts';
import type { Runtime } from '../runtime.ts';

/**
 * A background job that may be asked for often and is done seldom: whoever asks while it waits or runs shares
 * the next run. Of the time that passes, runs take a bounded part, however often they are asked for.
 */
export class Seldom {
  readonly #runtime: Runtime;
  readonly #gap: number;
  readonly #job: () => Promise<boolean>;
  #asked = false;
  #going = false;
  /** Monotonic; the next run does not begin before. */
  #notBefore = -Infinity;

  /**
   * @param gap least time (ms) between two runs; after a long run it is {@link restAfter} that run
   * @param job does it once; false: it failed and is to be tried again, later each time. Must not throw
   */
  constructor(runtime: Runtime, gap: number, job: () => Promise<boolean>) {
    this.#runtime = runtime;
    this.#gap = gap;
    this.#job = job;
  }

  /** Resolves when nothing is asked for any more, or the engine stops; at once when it goes already. */
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

  /** Calls that come at the same moment share a run. @returns false when the engine stops */
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
