import { userInfo } from 'node:os';
import { CommandFailed } from '../../../app/command-failed.ts';
import { describeProblem } from '../../../core/describe.ts';
import { HeadsFile } from '../../../gateway/audit/heads-file.ts';
import { OperatorRefusal, OperatorWork } from '../../../gateway/operator/work.ts';
import { backendsAt, storageSettingsAt, withStorage } from './with-storage.ts';

/**
 * Carries out an order of the operator, as the operator's API does.
 * @param path settings file of the gateway
 * @param order called with what carries out orders, and with the name of who gives this one, for the audit
 * @throws {CommandFailed} if it was not carried out
 */
export async function withOperator<T>(
  path: string,
  order: (operator: OperatorWork, by: string) => Promise<T>,
): Promise<T> {
  try {
    const by = `command line, ${userInfo().username}`;
    const parts = {
      wall: Date.now,
      backends: () => backendsAt(path),
      heads: new HeadsFile(storageSettingsAt(path).auditHeads),
    };
    return await withStorage(path, async (storage) => order(new OperatorWork({ storage, ...parts }), by));
  } catch (error) {
    if (error instanceof OperatorRefusal) throw new CommandFailed(describeProblem(error.problem, 'en'));
    throw error;
  }
}
