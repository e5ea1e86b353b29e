import { lookup as systemLookup } from 'node:dns/promises';
import { isIP, type LookupFunction } from 'node:net';
import { callbackify } from 'node:util';

/** All addresses of a host, in the order to try them. Rejects when the name does not resolve. */
export type Resolve = (host: string) => Promise<readonly string[]>;

/** The system's own resolver and order (RFC 6724). An address stands for itself. */
export const systemResolve: Resolve = async (host) => {
  if (isIP(host) !== 0) return [host];
  return (await systemLookup(host, { all: true })).map(({ address }) => address);
};

/** A resolver in the form that `net.connect` takes; it then tries every address (RFC 8305). */
export function lookupOf(resolve: Resolve): LookupFunction {
  const lookup = callbackify(async (host: string) =>
    (await resolve(host)).map((address) => ({ address, family: isIP(address) })),
  );
  return (host, _options, callback) => {
    lookup(host, callback);
  };
}

/** A host as it stands in a URL, without the brackets of an IPv6 address. */
export function bareHost(hostname: string): string {
  return hostname.replace(/^\[(.*)\]$/u, '$1');
}

/** Where a URL leads. */
export function peerOf(
  { hostname, port }: URL,
  usualPort: number,
): { readonly host: string; readonly port: number } {
  return { host: bareHost(hostname), port: port === '' ? usualPort : Number(port) };
}
