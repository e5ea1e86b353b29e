import { isIP } from 'node:net';
import { labels, type DnsName } from '../../dns/name.ts';
import type { Network } from '../../net/inside.ts';

/** The label of a reverse zone for a part of a network with 24 bits: `64/26` (RFC 2317). */
const partOfNetwork = /^(\d{1,3})\/(2[5-9]|3[0-2])$/u;

/**
 * The network whose reverse zone has this name. Null: the name is not below `in-addr.arpa` or `ip6.arpa`, or
 * its labels are not those of a network.
 */
export function reverseNetwork(zone: DnsName): Network | null {
  const all = labels(zone);
  const own = all.slice(0, -2).toReversed();
  switch (all.slice(-2).join('.')) {
    case 'in-addr.arpa':
      return network4(own);
    case 'ip6.arpa':
      return network6(own);
    default:
      return null;
  }
}

function network4(own: readonly string[]): Network | null {
  const [, first = '', prefix = ''] = partOfNetwork.exec(own[3] ?? '') ?? [];
  const octets = prefix === '' ? own : [...own.slice(0, 3), first];
  if (octets.length > 4 || own.length > 4) return null;
  const address = [...octets, '0', '0', '0', '0'].slice(0, 4).join('.');
  return isIP(address) === 4 ? { address, prefix: prefix === '' ? 8 * octets.length : Number(prefix) } : null;
}

function network6(own: readonly string[]): Network | null {
  if (own.length > 32 || own.some((digit) => !/^[0-9a-f]$/u.test(digit))) return null;
  const groups = own.join('').padEnd(32, '0').match(/.{4}/gu) ?? [];
  return { address: groups.join(':'), prefix: 4 * own.length };
}
