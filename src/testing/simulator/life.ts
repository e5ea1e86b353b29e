import type { AlarmClock } from '../../core/clock.ts';

/** One run of the agent. `dead` becomes true when the agent is killed, and then it does nothing more. */
export interface Life {
  dead: boolean;
}

/** A promise that never settles, for calls of a killed agent. */
export function never<T>(): Promise<T> {
  return new Promise(() => undefined);
}

/** The clock of one life. Once the life is dead, its sleeps never end and its alarms do not ring. */
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
