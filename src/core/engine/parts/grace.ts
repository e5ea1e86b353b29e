import type { DnsName } from '../../../dns/name.ts';
import type { Clock } from '../../clock.ts';
import type { Log } from '../../log.ts';
import type { EngineSettings } from '../settings.ts';
import { Moved } from './store.ts';

/**
 * A pause after a start, or a step of the wall clock, in which nothing is undone. An `after` that is missing
 * then may only be late.
 */
export class Grace {
  /** Until this time nothing is undone: monotonic milliseconds. */
  until = 0;
  readonly #clock: Clock;
  readonly #settings: EngineSettings;
  readonly #log: Log;
  #offset: number | null = null;

  constructor({
    clock,
    settings,
    log,
  }: {
    readonly clock: Clock;
    readonly settings: EngineSettings;
    readonly log: Log;
  }) {
    this.#clock = clock;
    this.#settings = settings;
    this.#log = log;
  }

  /** Begins the pause after the agent's start. */
  begin(): void {
    this.mindTheClock();
    this.until = this.#clock.now() + this.#settings.grace;
  }

  /** Begins a pause if the wall clock was stepped, or the machine slept, since the last call. */
  mindTheClock(): void {
    const offset = this.#clock.wall() - this.#clock.now();
    const step = offset - (this.#offset ?? offset);
    this.#offset = offset;
    if (Math.abs(step) < this.#settings.clockStep) return;
    this.#log(4, 'clock.step', { milliseconds: Math.round(step) });
    this.until = Math.max(this.until, this.#clock.now() + this.#settings.grace);
  }

  /**
   * Checks that no pause is running.
   * @throws {Moved} a pause is running, so what was read of the zone proves no undo yet
   */
  mustBeOver(zone: DnsName): void {
    this.mindTheClock();
    if (this.#clock.now() < this.until) throw new Moved(zone);
  }
}
