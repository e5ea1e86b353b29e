import type { CallContext } from '../../core/central.ts';
import type { Clock } from '../../core/clock.ts';

/**
 * Milliseconds before each repeated read after a write that was answered `ok`. Together they are the time
 * in which the write has to show.
 */
const looks = [100, 400, 1_000];

/**
 * Waits before the next read, longer each time.
 * @param attempt number of the wait, from 0
 * @param isUnderWay whether the panel says that it still works on the write: then only the deadline ends
 *   the waiting
 * @returns false if the time is up or the deadline has passed
 */
export async function waitForPanel(
  clock: Clock,
  attempt: number,
  ctx: CallContext,
  isUnderWay = false,
): Promise<boolean> {
  const ms = looks[attempt] ?? (isUnderWay ? looks.at(-1) : undefined);
  if (ms === undefined || ctx.signal.aborted) return false;
  try {
    await clock.sleep(ms, ctx.signal);
    return true;
  } catch (error) {
    if (ctx.signal.aborted) return false;
    throw error;
  }
}
