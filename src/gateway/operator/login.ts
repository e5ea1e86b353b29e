import { ApiRefusal } from '../api-refusal.ts';
import { isSameHash, readToken } from '../rights/token.ts';
import type { OperatorToken } from '../storage/storage.ts';
import { noteUse, type LoginPorts } from '../work/authenticate.ts';
import { isUsable, nobodysHash } from '../work/token-use.ts';

/** Who sends a request: a token of the operator, from an address. */
export interface OperatorCaller {
  readonly token: OperatorToken;
  /** Address of the client. */
  readonly from: string;
  /** Who gives orders with it, as the audit names him. */
  readonly by: string;
}

/**
 * Finds out which token of the operator a request brings.
 * @param text the token as sent
 * @param from address of the client
 * @throws {ApiRefusal} 401 `central.login`, with the same words for every reason
 * @throws {StorageError}
 */
export async function authenticateOperator(
  ports: LoginPorts,
  text: string,
  from: string,
): Promise<OperatorCaller> {
  const { storage, wall } = ports;
  const read = readToken(text);
  const token = read === null ? null : await storage.operator(read.id);
  const isSame = isSameHash(read?.hash ?? nobodysHash, token?.hash ?? nobodysHash);
  if (token === null || !isSame || !isUsable(token, from, wall())) throw new ApiRefusal(401, 'central.login');
  await noteUse(ports, token, from, async (...use) => await storage.operatorUsed(...use));
  return { token, from, by: `operator ${token.id}, ${from}` };
}
