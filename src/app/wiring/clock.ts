import { setTimeout as wait } from 'node:timers/promises';
import type { AlarmClock } from '../../core/clock.ts';

/** Longest time that a timer of Node.js can wait, milliseconds. */
const longest = 0x7fffffff;

/**
 * The clock of this machine. Its sleeps and alarms do not keep the process running; the agent's socket does
 * that.
 */
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

/** The clock of a command. Its sleeps keep the process running, unlike those of the agent's clock. */
export const commandClock: Pick<AlarmClock, 'now' | 'sleep'> = {
  now: () => systemClock.now(),
  sleep: async (ms, signal) => {
    await wait(Math.min(ms, longest), undefined, signal === undefined ? {} : { signal });
  },
};
