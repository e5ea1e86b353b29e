import type { Tape } from './chances.ts';
import type { HistoryEvent } from './event.ts';
import type { HistoryOptions } from './furniture.ts';

/** A history that is told: what happens at which time (milliseconds from the beginning), and how the draws outside of that came out. */
export interface Story {
  readonly options: Partial<HistoryOptions>;
  /** Whether a new zone appears at the centrals with its content. */
  readonly createsWithContent: boolean;
  readonly events: readonly TimedEvent[];
  /** From when on nothing more happens and everything heals. */
  readonly calmAt: number;
  readonly draws: Tape;
}

export interface TimedEvent {
  readonly at: number;
  readonly event: HistoryEvent;
}
