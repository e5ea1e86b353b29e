import type { CallContext } from '../../central.ts';
import type { Operation } from '../../operation.ts';
import { PanelError } from '../../panel.ts';
import type { Runtime } from '../runtime.ts';

/**
 * The number of failed writes into the panel after which an operation becomes stuck. A write fails if the
 * panel refuses it, or reports success but does not show the result. In the second case panel reads may be
 * old, so the write counts only after `readLag`.
 */
const hopelessAfter = 5;

/**
 * When the next write into the panel may be tried (wall clock, milliseconds since 1970). The pause grows with
 * each try.
 */
export function nextTry(runtime: Runtime, { attempts, changedAt }: Operation): number {
  const { retryFirst, retryMost } = runtime.ports.settings;
  return attempts === 0 ? 0 : changedAt + Math.min(retryMost, retryFirst * 2 ** (attempts - 1));
}

/**
 * Makes one write into the panel and counts the attempt. The hook calls that this write causes carry an echo
 * token, which is valid for this write only.
 * @throws {PanelError | JournalError}
 */
export async function writeWithEcho(
  runtime: Runtime,
  operation: Operation,
  write: (echo: string, ctx: CallContext) => Promise<void>,
): Promise<void> {
  const echo = newEchoToken(runtime);
  const marked = { putOff: false };
  runtime.echoTokens.set(echo, marked);
  try {
    await runtime.timers.step(operation.id, (ctx) => write(echo, ctx));
    const reported = runtime.patience.since(operation.id) + runtime.ports.settings.readLag;
    await countAnswer(runtime, operation, runtime.now >= reported);
  } catch (error) {
    const refused = error instanceof PanelError && error.code === 'panel.refused';
    if (refused && !marked.putOff) await countAnswer(runtime, operation, true);
    throw error;
  } finally {
    runtime.echoTokens.delete(echo);
  }
}

/**
 * Counts one attempt to write into the panel.
 * @param counts whether this attempt may make the operation stuck
 */
async function countAnswer(runtime: Runtime, operation: Operation, counts: boolean): Promise<void> {
  const attempts = operation.attempts + 1;
  const state = counts && attempts > hopelessAfter ? 'stuck' : 'reverting';
  await runtime.store.advance(operation, state, { attempts });
}

/**
 * Makes an echo token, which marks the calls that a write of ours causes. It has 128 random bits, which only
 * root and this process know.
 */
function newEchoToken(runtime: Runtime): string {
  let echo = '';
  while (echo.length < 32) echo += Math.floor(runtime.ports.random() * 16).toString(16);
  return echo;
}
