import { BlockList, isIPv4, isIPv6 } from 'node:net';
import { ApiRefusal } from '../api-refusal.ts';
import { isSameHash, readToken } from '../rights/token.ts';
import type { Storage, StoredToken } from '../storage/storage.ts';
import type { Caller } from './gateway.ts';

/** A token's use is stored at most once in so many milliseconds. */
const usedEvery = 60_000;

/** Compared with the hash of a token that does not exist, so that the answer takes as long as for others. */
const nobodysHash = '0'.repeat(64);

/**
 * Finds out whose token a request brings.
 * @param text the token as sent
 * @param from address of the client
 * @param now wall clock, milliseconds
 * @throws {ApiRefusal} 401 `central.login`, with the same words for every reason; 403 if the customer is
 *   suspended
 * @throws {StorageError}
 */
export async function authenticate(
  storage: Storage,
  text: string,
  from: string,
  now: number,
): Promise<Caller> {
  const read = readToken(text);
  const token = read === null ? null : await storage.token(read.id);
  const isSame = isSameHash(read?.hash ?? nobodysHash, token?.hash ?? nobodysHash);
  if (token === null || !isSame || !isAccepted(token, from, now)) throw refusedLogin();
  const customer = await storage.customer(token.customer);
  if (customer === null) throw refusedLogin();
  if (customer.state === 'suspended')
    throw new ApiRefusal(403, 'central.access-denied', { params: { text: 'customer suspended' } });
  const { lastUsed } = token;
  if (lastUsed === null || lastUsed.from !== from || now - lastUsed.at >= usedEvery)
    await storage.tokenUsed(token.id, now, from);
  return { customer, token, from };
}

function isAccepted({ revokedAt, expiresAt, networks }: StoredToken, from: string, now: number): boolean {
  if (revokedAt !== null || (expiresAt !== null && expiresAt <= now)) return false;
  return networks.length === 0 || networkList(networks).check(from, isIPv6(from) ? 'ipv6' : 'ipv4');
}

/**
 * Reads networks: `192.0.2.1`, `192.0.2.0/24`, `2001:db8::/32`.
 * @throws {RangeError} for a text that is no network
 */
export function networkList(networks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const text of networks) {
    const [, address = '', length] = /^([0-9a-f.:]+)(?:\/(\d{1,3}))?$/iu.exec(text) ?? [];
    const family = isIPv4(address) ? 'ipv4' : 'ipv6';
    const most = family === 'ipv4' ? 32 : 128;
    const prefix = length === undefined ? most : Number(length);
    if ((family === 'ipv6' && !isIPv6(address)) || prefix > most) throw new RangeError(`no network: ${text}`);
    list.addSubnet(address, prefix, family);
  }
  return list;
}

function refusedLogin(): ApiRefusal {
  return new ApiRefusal(401, 'central.login');
}
