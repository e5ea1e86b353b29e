import { outage } from '../../centrals/errors.ts';
import type { AlarmClock } from '../../core/clock.ts';

/** The monotonic clock and the timers that limit the time of requests. */
export type RequestClock = Pick<AlarmClock, 'now' | 'sleep' | 'alarm'>;

/**
 * Begins the time of a request.
 * @param wall wall clock, which goes on while a virtual machine is suspended; milliseconds
 * @param now monotonic clock, which nobody sets; milliseconds
 * @param timeout how long the request may take, milliseconds
 * @returns throws {@link CentralError} `central.unreachable` once the time is over
 */
export function timeLimit(wall: () => number, now: () => number, timeout: number): () => void {
  const clocks = [wall, now];
  const begun = clocks.map((clock) => clock());
  return () => {
    const used = Math.max(...clocks.map((clock, at) => clock() - (begun[at] ?? 0)));
    if (used >= timeout) throw outage('central.unreachable', { text: 'no time left' });
  };
}

/** Does the work with a signal that aborts after the given time, milliseconds. */
export async function withinTime<T>(
  clock: RequestClock,
  ms: number,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const late = new AbortController();
  const cancel = clock.alarm(ms, () => {
    late.abort(new Error('no answer in time'));
  });
  try {
    return await work(late.signal);
  } finally {
    cancel();
  }
}
