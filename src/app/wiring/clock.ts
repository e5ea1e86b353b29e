import { setTimeout as wait } from 'node:timers/promises';
import type { AlarmClock } from '../../core/clock.ts';

/** A timer of Node.js holds at most so many milliseconds. */
const longest = 0x7fffffff;

/** The machine's time. A sleep or an alarm does not keep the process alive: the socket does. */
export const systemClock: AlarmClock = {
  now: () => performance.now(),
  wall: () => Date.now(),
  sleep: async (ms, signal) => {
    await wait(Math.min(ms, longest), undefined, {
      ref: false,
      ...(signal === undefined ? {} : { signal }),
    });
  },
  alarm: (ms, ring) => {
    const timer = setTimeout(ring, Math.min(ms, longest)).unref();
    return () => clearTimeout(timer);
  },
};
