import type { CallContext } from '../../core/central.ts';
import type { Clock } from '../../core/clock.ts';

/**
 * How long (ms) a write that was answered `ok` may take until a list shows it, one take care of the other.
 */
const looks = [100, 400, 1_000];

/**
 * Waits a little longer each time.
 * @param isUnderWay whether the panel itself says that it is not done: then only the deadline ends it
 * @returns false when the panel had long enough, or the deadline is over
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
