import type { CallContext } from '../../core/central.ts';
import type { Clock } from '../../core/clock.ts';

/**
 * Pauses before repeated reads, in milliseconds, after a write that was answered `ok`. If the last read still
 * does not show the write, it had no effect.
 */
const looks = [100, 400, 1_000];

/**
 * Waits before the next read; each pause is longer.
 * @param attempt number of the pause, from 0
 * @param isUnderWay whether the panel reports that it still works on the write; if so, only the deadline ends
 *   the pauses
 * @returns false if no pause is left or the deadline has passed
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
