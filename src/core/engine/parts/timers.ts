import type { CallContext } from '../../central.ts';
import type { AlarmClock } from '../../clock.ts';
import type { EngineSettings } from '../settings.ts';

/** The deadlines, alarms and pauses of a running engine. All of them end when the engine stops. */
export class Timers {
  /** Aborts when the engine stops. */
  readonly stopping = new AbortController();
  readonly #clock: AlarmClock;
  readonly #settings: EngineSettings;
  readonly #random: () => number;
  /**
   * For each alarm, a function that ends it when the engine stops. One abort listener for each alarm would be
   * too slow: the cost would grow with the square of the number of alarms.
   */
  readonly #alarms = new Set<() => void>();
  #serial = 0;
  /** The time that the newest id contains: milliseconds since 1970. */
  #idTime = 0;
  #newestId = '';

  constructor({
    clock,
    settings,
    random,
  }: {
    readonly clock: AlarmClock;
    readonly settings: EngineSettings;
    readonly random: () => number;
  }) {
    this.#clock = clock;
    this.#settings = settings;
    this.#random = random;
    this.stopping.signal.addEventListener('abort', () => {
      for (const stop of this.#alarms) stop();
    });
  }

  get isStopping(): boolean {
    return this.stopping.signal.aborted;
  }

  /**
   * Makes a signal that aborts after `ms` milliseconds or when the engine stops. The caller calls `done` to
   * free the timer.
   */
  deadline(ms: number): { signal: AbortSignal; done: () => void } {
    const own = new AbortController();
    const { signal } = this.stopping;
    const stopped = (): void => own.abort(signal.reason);
    return { signal: own.signal, done: this.alarm(ms, () => own.abort(new DeadlinePassed()), stopped) };
  }

  /**
   * Calls `ring` after `ms` milliseconds; or calls `stopped` instead, if the engine stops earlier.
   * @returns a function that cancels the alarm, so that neither `ring` nor `stopped` is called
   */
  alarm(ms: number, ring: () => void, stopped: () => void = () => undefined): () => void {
    if (this.isStopping) {
      stopped();
      return () => undefined;
    }
    const cancelTimer = this.#clock.alarm(ms, () => {
      this.#alarms.delete(stop);
      ring();
    });
    const cancel = (): void => {
      this.#alarms.delete(stop);
      cancelTimer();
    };
    const stop = (): void => {
      cancel();
      stopped();
    };
    this.#alarms.add(stop);
    return cancel;
  }

  /** Waits `ms` milliseconds. @returns false: the engine stops, so the time has not passed */
  async pause(ms: number): Promise<boolean> {
    return await new Promise((resolve) => {
      this.alarm(
        ms,
        () => resolve(true),
        () => resolve(false),
      );
    });
  }

  /**
   * Runs one background step with its own deadline.
   * @param operation id of the operation that the step is for; `-`: none
   * @param ms milliseconds until the deadline; absent: `stepTimeout`
   */
  async step<T>(operation: string, body: (ctx: CallContext) => Promise<T>, ms?: number): Promise<T> {
    const { signal, done } = this.deadline(ms ?? this.#settings.stepTimeout);
    try {
      return await body({ signal, operation });
    } finally {
      done();
    }
  }

  /**
   * Computes the pause before the next try, in milliseconds. The pause grows exponentially with the number of
   * tries, and a part of it is random.
   */
  backoff(attempts: number): number {
    const { retryFirst, retryMost } = this.#settings;
    const full = Math.min(retryMost, retryFirst * 2 ** Math.min(attempts, 16));
    return full / 2 + (full / 2) * this.#random();
  }

  /** Makes sure that all ids that are made from now on sort after the given id. */
  idsAfter(id: string): void {
    this.#newestId = id;
    this.#idTime = Math.max(this.#idTime, Number.parseInt(id.slice(0, 9), 36) + 1);
  }

  /**
   * Makes a new unique id. Ids sort in the order in which they are made, even if the clock is set back. This
   * matters because the newest of several operations decides what happens to a record.
   */
  newId(): string {
    this.#serial = (this.#serial + 1) % 46_656;
    const turned = this.#serial === 0 ? 1 : 0;
    this.#idTime = Math.max(this.#idTime + turned, Math.floor(this.#clock.wall()));
    const time = this.#idTime.toString(36).padStart(9, '0');
    const serial = this.#serial.toString(36).padStart(3, '0');
    const random = Math.floor(this.#random() * 1_679_616).toString(36);
    this.#newestId = `${time}-${serial}${random.padStart(4, '0')}`;
    return this.#newestId;
  }

  /** The newest id; empty: there is none yet. */
  get newestId(): string {
    return this.#newestId;
  }
}

/** The reason with which a signal of {@link Timers.deadline} aborts. */
export class DeadlinePassed extends Error {
  override readonly name = 'DeadlinePassed';
}
