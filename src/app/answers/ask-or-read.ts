import { ask, NoAgent } from '../control/client.ts';
import type { Answers, Requests } from '../control/protocol.ts';
import type { Paths } from '../paths.ts';
import { readings, type Reading } from './readings.ts';
import { withoutAgent } from './without-agent.ts';

/**
 * Asks the agent a question. If no agent runs, answers it from the journals.
 * @throws {CommandFailed | Unanswerable | DnsDataError | JournalError | SettingsRefused}
 */
export async function askOrRead<N extends Reading>(
  paths: Paths,
  question: N,
  parameters: Requests[N],
): Promise<Answers[N]> {
  try {
    return await ask(paths.socket, question, parameters);
  } catch (error) {
    if (!(error instanceof NoAgent)) throw error;
    return await readings[question](parameters, withoutAgent(paths));
  }
}
