import type { Clock } from '../../core/clock.ts';

/** One run of the agent; `dead` after a kill, from which moment it does nothing more. */
export interface Life {
  dead: boolean;
}

/** What a dead process waits for. */
export function never<T>(): Promise<T> {
  return new Promise(() => undefined);
}

/** The clock of one life: its sleeps never end once it is dead. */
export function mortalClock(clock: Clock, life: Life): Clock {
  return {
    now: () => clock.now(),
    wall: () => clock.wall(),
    sleep: async (ms, signal) => {
      await clock.sleep(ms, signal);
      if (life.dead) await never();
    },
  };
}
