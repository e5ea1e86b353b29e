import { setTimeout as wait } from 'node:timers/promises';
import type { Clock } from '../../core/clock.ts';

/** The machine's time. A sleep does not keep the process alive: the socket does. */
export const systemClock: Clock = {
  now: () => performance.now(),
  wall: () => Date.now(),
  sleep: async (ms, signal) => {
    // A timer of Node.js holds at most 2^31-1 ms.
    await wait(Math.min(ms, 0x7fffffff), undefined, {
      ref: false,
      ...(signal === undefined ? {} : { signal }),
    });
  },
};
