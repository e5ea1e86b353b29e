import type { CallContext } from '../../central.ts';
import type { Operation } from '../../operation.ts';
import { PanelError } from '../../panel.ts';
import type { Runtime } from '../runtime.ts';

/**
 * How often the panel may refuse the restoration, or report it done and not show it. After that an
 * administrator has to decide.
 */
const hopelessAfter = 5;

/** Wall-clock time before which the panel is not written again, ever later from try to try. */
export function nextTry(runtime: Runtime, { attempts, changedAt }: Operation): number {
  const { retryFirst, retryMost } = runtime.ports.settings;
  return attempts === 0 ? 0 : changedAt + Math.min(retryMost, retryFirst * 2 ** (attempts - 1));
}

/**
 * One write of ours into the panel. Its hook calls carry an echo token that is valid for this write only; the
 * panel's answer is counted.
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
    await countAnswer(runtime, operation);
  } catch (error) {
    const refused = error instanceof PanelError && error.code === 'panel.refused';
    if (refused && !marked.putOff) await countAnswer(runtime, operation);
    throw error;
  } finally {
    runtime.echoTokens.delete(echo);
  }
}

async function countAnswer(runtime: Runtime, operation: Operation): Promise<void> {
  const attempts = operation.attempts + 1;
  const state = attempts > hopelessAfter ? 'stuck' : 'reverting';
  await runtime.store.advance(operation, state, { attempts });
}

/** 128 bits that only root and this process know, valid for one write. */
function newEchoToken(runtime: Runtime): string {
  let echo = '';
  while (echo.length < 32) echo += Math.floor(runtime.ports.random() * 16).toString(16);
  return echo;
}
