import { isIn, readNetwork } from '../../net/inside.ts';
import { isSameHash } from '../rights/token.ts';
import type { OperatorToken, Storage, StoredToken } from '../storage/storage.ts';

/** Stands for the hash of an unknown token. Comparing with it makes all refusals take equally long. */
export const nobodysHash = '0'.repeat(64);

/** Why a token is refused for ever. `unused`: nobody has used it for longer than its `idle` time. */
export type TokenEnd = 'revoked' | 'expired' | 'unused';

/** What decides whether a token has ended. Tokens of the operator do not end when unused: no `idle`. */
type TokenLife = Pick<OperatorToken, 'revokedAt' | 'expiresAt' | 'lastUsed' | 'createdAt'> &
  Partial<Pick<StoredToken, 'idle'>>;

/** Why a token has ended by itself; null: it has not. @param now wall clock, milliseconds */
export function endOf(
  { revokedAt, expiresAt, idle = null, lastUsed, createdAt }: TokenLife,
  now: number,
): TokenEnd | null {
  if (revokedAt !== null) return 'revoked';
  if (expiresAt !== null && expiresAt <= now) return 'expired';
  return idle !== null && now - (lastUsed?.at ?? createdAt) > idle ? 'unused' : null;
}

/** Whether a token may be used from this address now. @param now wall clock, milliseconds */
export function isUsable(
  token: TokenLife & Pick<OperatorToken, 'networks'>,
  from: string,
  now: number,
): boolean {
  return endOf(token, now) === null && isFrom(token.networks, from);
}

/** Whether an address lies in one of the networks. Without networks every address does. */
function isFrom(networks: readonly string[], from: string): boolean {
  const read = networks.map(readNetwork).filter((network) => network !== null);
  return networks.length === 0 || isIn(from, read);
}

/**
 * Whether a token, and the one that has made it, may be used from this address now.
 * @param now wall clock, milliseconds
 * @throws {StorageError}
 */
export async function isAccepted(
  storage: Storage,
  token: StoredToken,
  from: string,
  now: number,
): Promise<boolean> {
  if (!isUsable(token, from, now)) return false;
  const maker = token.maker === null ? null : await storage.token(token.maker);
  return maker === null || endOf(maker, now) === null;
}

/**
 * Whether a text has the hash of the token, or of its text before the last rotation. Takes as long if there
 * is no such token.
 * @param token null: there is no token with the id that was sent
 * @param hash null: what was sent is no token
 * @param now wall clock, milliseconds
 */
export function isTextOf(token: StoredToken | null, hash: string | null, now: number): boolean {
  const previous = token?.previous ?? null;
  const isCurrent = isSameHash(hash ?? nobodysHash, token?.hash ?? nobodysHash);
  const isPrevious = isSameHash(hash ?? nobodysHash, previous?.hash ?? nobodysHash);
  if (token === null || hash === null) return false;
  return isCurrent || (isPrevious && previous !== null && now < previous.until);
}
