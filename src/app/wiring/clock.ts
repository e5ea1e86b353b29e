import { setTimeout as wait } from 'node:timers/promises';
import type { AlarmClock } from '../../core/clock.ts';

/** Longest time that a timer of Node.js can wait, milliseconds. */
const longest = 0x7fffffff;

/**
 * The clock of this machine. A sleep or an alarm does not keep the process alive; the agent's socket does.
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

/** The clock of a command: unlike that of the agent, its sleep keeps the process alive. */
export const commandClock: Pick<AlarmClock, 'now' | 'sleep'> = {
  now: () => systemClock.now(),
  sleep: async (ms, signal) => {
    await wait(Math.min(ms, longest), undefined, signal === undefined ? {} : { signal });
  },
};
