import { BlockList, isIPv4, isIPv6 } from 'node:net';
import type { StoredToken } from '../storage/storage.ts';

/** Whether a token may be used from this address now. @param now wall clock, milliseconds */
export function isAccepted(
  { revokedAt, expiresAt, networks }: StoredToken,
  from: string,
  now: number,
): boolean {
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
