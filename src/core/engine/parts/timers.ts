import type { CallContext } from '../../central.ts';
import type { AlarmClock } from '../../clock.ts';
import type { EngineSettings } from '../settings.ts';

/** Deadlines, alarms and pauses of a running engine. When the engine stops, all of them end. */
export class Timers {
  /** Aborts when the engine stops. */
  readonly stopping = new AbortController();
  readonly #clock: AlarmClock;
  readonly #settings: EngineSettings;
  readonly #random: () => number;
  /**
   * Functions that end the alarms when the engine stops. With a listener of the signal for each alarm, the
   * time would grow with the square of their number.
   */
  readonly #alarms = new Set<() => void>();
  #serial = 0;
  /** The time that the newest id contains: milliseconds since 1970. */
  #idTime = 0;

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
   * Makes a signal that aborts after `ms` milliseconds or when the engine stops. Call `done` to free its
   * timer.
   */
  deadline(ms: number): { signal: AbortSignal; done: () => void } {
    const own = new AbortController();
    const { signal } = this.stopping;
    const stopped = (): void => own.abort(signal.reason);
    return { signal: own.signal, done: this.alarm(ms, () => own.abort(new DeadlinePassed()), stopped) };
  }

  /**
   * Calls `ring` after `ms` milliseconds; or `stopped`, if the engine stops before that.
   * @returns a function that cancels the alarm, so that neither is called
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

  /**
   * Runs one background step with a deadline of its own.
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

  /** The pause before the next try, milliseconds: it grows exponentially and has a random part. */
  backoff(attempts: number): number {
    const { retryFirst, retryMost } = this.#settings;
    const full = Math.min(retryMost, retryFirst * 2 ** Math.min(attempts, 16));
    return full / 2 + (full / 2) * this.#random();
  }

  /** Makes sure that all further ids sort after this one. */
  idsAfter(id: string): void {
    this.#idTime = Math.max(this.#idTime, Number.parseInt(id.slice(0, 9), 36) + 1);
  }

  /**
   * Makes a new unique id. Ids sort in the order in which they are made, even if the clock is set back,
   * because the newest operation decides about a record.
   */
  newId(): string {
    this.#serial = (this.#serial + 1) % 46_656;
    const turned = this.#serial === 0 ? 1 : 0;
    this.#idTime = Math.max(this.#idTime + turned, Math.floor(this.#clock.wall()));
    const time = this.#idTime.toString(36).padStart(9, '0');
    const serial = this.#serial.toString(36).padStart(3, '0');
    const random = Math.floor(this.#random() * 1_679_616).toString(36);
    return `${time}-${serial}${random.padStart(4, '0')}`;
  }
}

/** The reason with which a signal of {@link Timers.deadline} aborts. */
export class DeadlinePassed extends Error {
  override readonly name = 'DeadlinePassed';
}
