import { setTimeout as wait } from 'node:timers/promises';
import type { AlarmClock } from '../core/clock.ts';

/** The real clock, for tests that wait for a real program. A sleep does not keep the process alive. */
export const realClock: AlarmClock = {
  now: () => performance.now(),
  wall: () => Date.now(),
  sleep: async (ms, signal) => {
    await wait(ms, undefined, { ref: false, ...(signal === undefined ? {} : { signal }) });
  },
  alarm: (ms, ring) => {
    const timer = setTimeout(ring, ms).unref();
    return () => clearTimeout(timer);
  },
};
