import type { AlarmClock } from '../../core/clock.ts';

/** One run of the agent; `dead` after a kill, from which moment it does nothing more. */
export interface Life {
  dead: boolean;
}

/** What a dead process waits for. */
export function never<T>(): Promise<T> {
  return new Promise(() => undefined);
}

/** The clock of one life: its sleeps never end, and no alarm rings, once it is dead. */
export function mortalClock(clock: AlarmClock, life: Life): AlarmClock {
  return {
    now: () => clock.now(),
    wall: () => clock.wall(),
    sleep: async (ms, signal) => {
      await clock.sleep(ms, signal);
      if (life.dead) await never();
    },
    alarm: (ms, ring) =>
      clock.alarm(ms, () => {
        if (!life.dead) ring();
      }),
  };
}
