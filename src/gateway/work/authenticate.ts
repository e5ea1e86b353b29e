import type { Log } from '../../core/log.ts';
import { ApiRefusal, denied } from '../api-refusal.ts';
import { readToken } from '../rights/token.ts';
import { StorageError, type Storage, type StoredToken } from '../storage/storage.ts';
import type { Caller } from './caller.ts';
import { isAccepted, isTextOf } from './token-use.ts';

/** Shortest time between two stored uses of a token, milliseconds. */
const usedEvery = 60_000;

export interface LoginPorts {
  readonly storage: Storage;
  readonly log: Log;
  /** Wall clock, milliseconds. */
  readonly wall: () => number;
}

/**
 * Finds out whose token a request brings.
 * @param text the token as sent
 * @param from address of the client
 * @throws {ApiRefusal} 401 `central.login`, with the same words for every reason; 403 if the customer is
 *   suspended
 * @throws {StorageError}
 */
export async function authenticate(ports: LoginPorts, text: string, from: string): Promise<Caller> {
  const { storage, wall } = ports;
  const read = readToken(text);
  const token = read === null ? null : await storage.token(read.id);
  const now = wall();
  const isSame = isTextOf(token, read?.hash ?? null, now);
  if (token === null || !isSame || !(await isAccepted(storage, token, from, now))) throw refusedLogin();
  const customer = await storage.customer(token.customer);
  if (customer === null) throw refusedLogin();
  if (customer.state === 'suspended') throw denied({ text: 'customer suspended' });
  await noteUse(ports, token, from, async (...use) => await storage.tokenUsed(...use));
  return { customer, token, from };
}

/**
 * Stores when and from where a token was used, unless that was done a moment ago.
 * @param store stores it for the kind of token
 */
export async function noteUse(
  { log, wall }: LoginPorts,
  { id, lastUsed }: Pick<StoredToken, 'id' | 'lastUsed'>,
  from: string,
  store: (id: string, at: number, from: string) => Promise<void>,
): Promise<void> {
  const now = wall();
  if (lastUsed !== null && lastUsed.from === from && now - lastUsed.at < usedEvery) return;
  try {
    await store(id, now, from);
  } catch (error) {
    // Only the time of the last use was not stored. The request may need no write, so it goes on.
    if (!(error instanceof StorageError)) throw error;
    log(2, 'token.use-not-stored', { token: id, text: error.message });
  }
}

function refusedLogin(): ApiRefusal {
  return new ApiRefusal(401, 'central.login');
}
