import type { DnsName } from '../../../dns/name.ts';
import type { Clock } from '../../clock.ts';
import type { Log } from '../../log.ts';
import type { EngineSettings } from '../settings.ts';
import { Moved } from './store.ts';

/**
 * A pause after the agent's start or a jump of the wall clock. In this pause no edit is undone, because a
 * missing `after` call may only be late.
 */
export class Grace {
  #until = 0;
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
    this.#until = this.#clock.now() + this.#settings.grace;
  }

  /** The end of the pause (monotonic milliseconds). Looks first whether another pause has to begin. */
  endsAt(): number {
    this.mindTheClock();
    return this.#until;
  }

  /** Begins a pause if, since the last call of this method, the wall clock was set or the machine slept. */
  mindTheClock(): void {
    const offset = this.#clock.wall() - this.#clock.now();
    const step = offset - (this.#offset ?? offset);
    this.#offset = offset;
    if (Math.abs(step) < this.#settings.clockStep) return;
    this.#log(4, 'clock.step', { milliseconds: Math.round(step) });
    this.#until = this.#clock.now() + this.#settings.grace;
  }

  /**
   * Checks that no pause is running.
   * @throws {Moved} a pause is running, so the reads of the zone do not justify an undo yet
   */
  mustBeOver(zone: DnsName): void {
    if (this.#clock.now() < this.endsAt()) throw new Moved(zone);
  }
}
