import { isIP } from 'node:net';

/**
 * The client's address as text. An IPv4 address that arrives at an IPv6 socket is written as IPv4.
 * @param remote the socket's `remoteAddress`; undefined: the connection has ended already
 */
export function clientAddress(remote: string | undefined): string {
  const address = (remote ?? '').replace(/^::ffff:(?=\d+\.)/u, '');
  return isIP(address) === 0 ? '::' : address;
}

/**
 * The part of an address that limits count as one client. Of IPv4 it is the whole address. Of IPv6 it is the
 * first 64 bits, because one subscriber usually has all addresses that begin with them.
 */
export function clientNetwork(address: string): string {
  if (isIP(address) !== 6) return address;
  // The parser of URLs writes an IPv6 address in its shortest form. It takes none with a `%eth0` behind it.
  const [plain = ''] = address.split('%', 1);
  const shortest = new URL(`http://[${plain}]/`).hostname.slice(1, -1);
  const [before = '', after] = shortest.split('::', 2);
  const head = before === '' ? [] : before.split(':');
  const tail = after === undefined || after === '' ? [] : after.split(':');
  const zeros = Array.from({ length: Math.max(0, 8 - head.length - tail.length) }, () => '0');
  return `${[...head, ...(after === undefined ? [] : zeros), ...tail].slice(0, 4).join(':')}::/64`;
}
