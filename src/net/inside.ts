import { BlockList, isIP } from 'node:net';

/**
 * A network of IP addresses, such as `10.0.0.0/8`. A single address has the longest possible prefix: 32 bits
 * for IPv4, 128 bits for IPv6.
 */
export interface Network {
  readonly address: string;
  readonly prefix: number;
}

/** IPv4 networks that do not belong to the public internet (RFC 6890 and the registry that it started). */
const inside4: readonly (readonly [address: string, prefix: number])[] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
];

/** The prefix of the addresses that DNS64 makes from IPv4 addresses (RFC 6052 section 2.1). */
const nat64 = '64:ff9b::';
/** All public IPv6 addresses, except those of DNS64 (RFC 4291 section 2.4). */
const public6 = blockList([{ address: '2000::', prefix: 3 }]);
const translated6 = blockList([{ address: nat64, prefix: 96 }]);
const insideEither = blockList([
  // `BlockList` checks an IPv4-mapped IPv6 address as its IPv4 address.
  ...inside4.map(([address, prefix]) => ({ address, prefix })),
  ...inside4.map(([address, prefix]) => ({ address: `${nat64}${address}`, prefix: 96 + prefix })),
  // Addresses of Teredo and 6to4 contain an IPv4 address, which may belong to a local network.
  { address: '2001::', prefix: 32 },
  { address: '2002::', prefix: 16 },
]);
const mapped = blockList([{ address: '::ffff:0.0.0.0', prefix: 96 }]);

/**
 * Whether an address does not lead to the public internet. It then leads to this machine, to a local network
 * or nowhere.
 * @param address an IP address without brackets; for any other text the result is true
 */
export function isInside(address: string): boolean {
  switch (isIP(address)) {
    case 4:
      return insideEither.check(address, 'ipv4');
    case 6:
      if (address.includes('%') || insideEither.check(address, 'ipv6')) return true;
      return ![public6, translated6, mapped].some((one) => one.check(address, 'ipv6'));
    default:
      return true;
  }
}

/** Whether an address is in one of the networks. An IPv4-mapped IPv6 address counts as its IPv4 address. */
export function isIn(address: string, networks: readonly Network[]): boolean {
  const kind = isIP(address);
  if (kind === 0 || address.includes('%')) return false;
  return blockList(networks).check(address, kind === 4 ? 'ipv4' : 'ipv6');
}

/** Whether all addresses of a network are in another one. */
export function isNetworkWithin(inner: Network, outer: Network): boolean {
  const isSameKind = isIP(inner.address) === isIP(outer.address);
  return isSameKind && inner.prefix >= outer.prefix && isIn(inner.address, [outer]);
}

/** Parses a network such as `10.0.0.0/8`, `10.1.2.3` or `fd00::/8`; null: the text is not a network. */
export function readNetwork(text: string): Network | null {
  const [, address = '', written] = /^([0-9a-f.:]{2,45})(?:\/(\d{1,3}))?$/iu.exec(text) ?? [];
  const kind = isIP(address);
  if (kind === 0) return null;
  const most = kind === 4 ? 32 : 128;
  const prefix = written === undefined ? most : Number(written);
  return prefix <= most ? { address, prefix } : null;
}

function blockList(networks: readonly Network[]): BlockList {
  const list = new BlockList();
  for (const { address, prefix } of networks)
    list.addSubnet(address, prefix, isIP(address) === 4 ? 'ipv4' : 'ipv6');
  return list;
}
