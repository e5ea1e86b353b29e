import type { AlarmClock } from '../../core/clock.ts';
import { never } from '../simulator/life.ts';
import type { VirtualClock } from '../virtual-clock.ts';

/** A machine on which gateways run, one after the other. */
export interface GatewayHost {
  /** Name of the gateway, `g1` or `g2`. */
  readonly name: string;
  /** How far the wall clock is ahead, milliseconds. */
  ahead: number;
  /** When the wall clock was set back, by the world's clock. */
  readonly setBack: number[];
}

/** How a process is held up. In a `suspended` machine the monotonic clock stands still as well. */
export type Holding = 'stopped' | 'suspended';

/** One run of a gateway, from its start until it is killed. */
export class SimProcess {
  readonly host: GatewayHost;
  readonly #time: VirtualClock;
  #diedAt: number | null = null;
  #held: { readonly how: Holding; readonly since: number; readonly end: PromiseWithResolvers<void> } | null =
    null;
  /** For how long the monotonic clock has stood still, milliseconds. */
  #still = 0;
  /** Alarms that were due while the process was held up. */
  readonly #due = new Set<() => void>();
  /** When the process was held up: begin and end by the world's clock. */
  readonly #holdings: { readonly from: number; readonly to: number }[] = [];

  constructor(host: GatewayHost, time: VirtualClock) {
    this.host = host;
    this.#time = time;
  }

  get isDead(): boolean {
    return this.#diedAt !== null;
  }

  /** Whether the process was killed before this time, by the world's clock. */
  wasDead(at: number): boolean {
    return this.#diedAt !== null && this.#diedAt <= at;
  }

  get isHeld(): boolean {
    return this.#held !== null;
  }

  /** Ends the process like `kill -9`: no promise on which it waits settles any more. */
  kill(): void {
    this.#diedAt ??= this.#time.now();
  }

  hold(how: Holding): void {
    if (this.#held !== null || this.isDead) return;
    this.#held = { how, since: this.#time.now(), end: Promise.withResolvers() };
  }

  /** Lets the process go on. Its answers come before its alarms, as in an event loop that was stopped. */
  resume(): void {
    if (this.#held === null) return;
    const { how, since, end } = this.#held;
    const now = this.#time.now();
    if (how === 'suspended') this.#still += now - since;
    this.#holdings.push({ from: since, to: now });
    this.#held = null;
    end.resolve();
    const due = [...this.#due];
    this.#due.clear();
    this.#time.alarm(1, () => {
      for (const ring of due) ring();
    });
  }

  /** Waits while the process is held up. After a kill, waits for ever. */
  async pass(): Promise<void> {
    while (this.#held !== null) await this.#held.end.promise;
    if (this.isDead) await never();
  }

  /** Whether the clock of the machine was set back at some time between these two. */
  wasSetBack(from: number, to: number): boolean {
    return this.host.setBack.some((at) => at >= from && at <= to);
  }

  /** Whether the process was held up at some time between these two. */
  wasHeld(from: number, to: number): boolean {
    return this.#holdings.some((one) => one.from <= to && one.to >= from);
  }

  /** The clocks of this process. */
  readonly clock: AlarmClock = {
    now: () => this.#time.now() - this.#still,
    wall: () => this.#time.wall() + this.host.ahead,
    sleep: async (ms, signal) => {
      await this.#time.sleep(ms, signal);
      await this.pass();
    },
    alarm: (ms, ring) => this.#alarm(ms, ring),
  };

  #alarm(ms: number, ring: () => void): () => void {
    const at = this.clock.now() + ms;
    let cancel = (): void => undefined;
    const due = (): void => {
      const rest = at - this.clock.now();
      if (this.isDead) return;
      if (this.#held !== null) this.#due.add(due);
      else if (rest > 0) cancel = this.#time.alarm(rest, due);
      else ring();
    };
    cancel = this.#time.alarm(ms, due);
    return () => {
      this.#due.delete(due);
      cancel();
    };
  }
}
