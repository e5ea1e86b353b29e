import { isIn, readNetwork } from '../../net/inside.ts';
import type { StoredToken } from '../storage/storage.ts';

/** Whether a token may be used from this address now. @param now wall clock, milliseconds */
export function isAccepted(
  { revokedAt, expiresAt, networks }: Pick<StoredToken, 'revokedAt' | 'expiresAt' | 'networks'>,
  from: string,
  now: number,
): boolean {
  if (revokedAt !== null || (expiresAt !== null && expiresAt <= now)) return false;
  const read = networks.map(readNetwork).filter((network) => network !== null);
  return networks.length === 0 || isIn(from, read);
}
