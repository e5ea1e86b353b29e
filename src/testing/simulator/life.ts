import type { AlarmClock } from '../../core/clock.ts';

/**
 * One run of the agent. When the agent is killed, `dead` becomes true, and nothing of this run does anything
 * more.
 */
export interface Life {
  dead: boolean;
}

/** Makes a promise that never settles, for calls of a killed agent. */
export function never<T>(): Promise<T> {
  return new Promise(() => undefined);
}

/** Makes the clock of one life. Once the life is dead, its sleeps never end and its alarms never ring. */
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
