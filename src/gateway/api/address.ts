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
 * An IP address in the one form in which it is stored and compared: IPv6 in its shortest form, an IPv4-mapped
 * one as IPv4.
 * @returns null: the text is no address, or one of IPv6 that names an interface (`%eth0`)
 */
export function canonicalAddress(text: string): string | null {
  if (isIP(text) !== 6) return isIP(text) === 4 ? text : null;
  if (text.includes('%')) return null;
  const shortest = shortestForm(text);
  const [, high, low] = /^::ffff:([\da-f]{1,4}):([\da-f]{1,4})$/u.exec(shortest) ?? [];
  if (high === undefined || low === undefined) return shortest;
  return [high, low]
    .map((part) => Number.parseInt(part, 16))
    .flatMap((part) => [part >> 8, part & 255])
    .join('.');
}

/**
 * The part of an address that limits count as one client. Of IPv4 it is the whole address. Of IPv6 it is the
 * first 64 bits, because one subscriber usually has all addresses that begin with them.
 */
export function clientNetwork(address: string): string {
  if (isIP(address) !== 6) return address;
  const [plain = ''] = address.split('%', 1);
  const shortest = shortestForm(plain);
  const [before = '', after] = shortest.split('::', 2);
  const head = before === '' ? [] : before.split(':');
  const tail = after === undefined || after === '' ? [] : after.split(':');
  const zeros = Array.from({ length: Math.max(0, 8 - head.length - tail.length) }, () => '0');
  return `${[...head, ...(after === undefined ? [] : zeros), ...tail].slice(0, 4).join(':')}::/64`;
}

/** The shortest form of an IPv6 address, which the parser of URLs writes. It takes none with a `%eth0`. */
function shortestForm(address: string): string {
  return new URL(`http://[${address}]/`).hostname.slice(1, -1);
}
