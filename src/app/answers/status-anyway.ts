import { AskDenied, AskFailed } from '../control/client.ts';
import type { StatusReport } from '../control/protocol.ts';
import type { Paths } from '../paths.ts';
import { askOrRead } from './ask-or-read.ts';
import { readings } from './readings.ts';
import { withoutAgent } from './without-agent.ts';

/**
 * Asks the agent for the status. If no agent answers, makes the status from the journals.
 * @throws {AskDenied} if this user may not use the agent's socket; the status is then unknown
 */
export async function statusAnyway(paths: Paths): Promise<StatusReport> {
  try {
    return await askOrRead(paths, 'status', {});
  } catch (error) {
    if (!(error instanceof AskFailed) || error instanceof AskDenied) throw error;
    return await readings.status({}, withoutAgent(paths));
  }
}
