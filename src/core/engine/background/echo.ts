import type { CallContext } from '../../central.ts';
import type { Operation } from '../../operation.ts';
import { PanelError } from '../../panel.ts';
import type { Runtime } from '../runtime.ts';

/**
 * How often the panel may refuse a restoration, or report it done without showing it, before the operation
 * gets stuck.
 */
const hopelessAfter = 5;

/**
 * When the panel may be written again (wall clock, milliseconds since 1970); the pause grows with each try.
 */
export function nextTry(runtime: Runtime, { attempts, changedAt }: Operation): number {
  const { retryFirst, retryMost } = runtime.ports.settings;
  return attempts === 0 ? 0 : changedAt + Math.min(retryMost, retryFirst * 2 ** (attempts - 1));
}

/**
 * Writes into the panel once and counts the panel's answer. The hook calls that this causes carry an echo
 * token that is valid for this write only.
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

/** A new echo token: 128 random bits that only root and this process know. */
function newEchoToken(runtime: Runtime): string {
  let echo = '';
  while (echo.length < 32) echo += Math.floor(runtime.ports.random() * 16).toString(16);
  return echo;
}
