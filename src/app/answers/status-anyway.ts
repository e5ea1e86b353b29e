import { AskDenied, AskFailed } from '../control/client.ts';
import type { StatusReport } from '../control/protocol.ts';
import type { Paths } from '../paths.ts';
import { askOrRead } from './ask-or-read.ts';
import { readings } from './readings.ts';
import { withoutAgent } from './without-agent.ts';

/**
 * Reads the status, from the journals if no agent answers.
 * @throws {AskDenied} if this user may not ask the agent; then nothing is known
 */
export async function statusAnyway(paths: Paths): Promise<StatusReport> {
  try {
    return await askOrRead(paths, 'status', {});
  } catch (error) {
    if (!(error instanceof AskFailed) || error instanceof AskDenied) throw error;
    return await readings.status({}, withoutAgent(paths));
  }
}
