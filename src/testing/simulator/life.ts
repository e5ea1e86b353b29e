import type { AlarmClock } from '../../core/clock.ts';

/**
 * One run of the agent, from its start until it is killed. The kill sets `dead`, and from then on this run
 * does nothing more.
 */
export interface Life {
  dead: boolean;
}

/** Makes a promise that never settles, for calls of a killed agent. */
export function never<T>(): Promise<T> {
  return new Promise(() => undefined);
}

/**
 * Makes the clock of one run of the agent. Once the agent is killed, sleeps never end and alarms never ring.
 */
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
