import { ApiRefusal } from '../api-refusal.ts';
import { isSameHash, readToken } from '../rights/token.ts';
import { StorageError, type OperatorToken } from '../storage/storage.ts';
import { isIn, readNetwork } from '../../net/inside.ts';
import { usedEvery, type LoginPorts } from '../work/authenticate.ts';

/** Who sends a request: a token of the operator, from an address. */
export interface OperatorCaller {
  readonly token: OperatorToken;
  /** Address of the client. */
  readonly from: string;
}

/** Stands for the hash of a token that does not exist, so that the refusal takes as long as any other. */
const nobodysHash = '0'.repeat(64);

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
  if (token === null || !isSame || !isAccepted(token, from, wall()))
    throw new ApiRefusal(401, 'central.login');
  await noteUse(ports, token, from);
  return { token, from };
}

/** Whether a token may be used from this address now. @param now wall clock, milliseconds */
function isAccepted({ revokedAt, expiresAt, networks }: OperatorToken, from: string, now: number): boolean {
  if (revokedAt !== null || (expiresAt !== null && expiresAt <= now)) return false;
  const read = networks.map(readNetwork).filter((network) => network !== null);
  return networks.length === 0 || isIn(from, read);
}

async function noteUse(
  { storage, log, wall }: LoginPorts,
  token: OperatorToken,
  from: string,
): Promise<void> {
  const { id, lastUsed } = token;
  const now = wall();
  if (lastUsed !== null && lastUsed.from === from && now - lastUsed.at < usedEvery) return;
  try {
    await storage.operatorUsed(id, now, from);
  } catch (error) {
    // Only the time of the last use was not stored. The request may need no write, so it goes on.
    if (!(error instanceof StorageError)) throw error;
    log(2, 'token.use-not-stored', { token: id, text: error.message });
  }
}
