import { lookup as systemLookup } from 'node:dns/promises';
import { isIP, type LookupFunction } from 'node:net';
import { callbackify } from 'node:util';

/**
 * Finds all addresses of a host, in the order in which they are to be tried. Rejects if the name does not
 * resolve.
 */
export type Resolve = (host: string) => Promise<readonly string[]>;

/**
 * Asks the resolver of the system and keeps its order (RFC 6724). For an IP address, returns that address.
 */
export const systemResolve: Resolve = async (host) => {
  if (isIP(host) !== 0) return [host];
  return (await systemLookup(host, { all: true })).map(({ address }) => address);
};

/**
 * Makes a resolver that runs at most one look-up per host. While a look-up runs, further calls for its host
 * wait for it. A look-up cannot be ended, and the system runs only a few at a time. So a name whose servers
 * hang must not block other names.
 */
export function onceAtATime(resolve: Resolve): Resolve {
  const running = new Map<string, Promise<readonly string[]>>();
  return async (host) => {
    const known = running.get(host);
    if (known !== undefined) return await known;
    const lookup = resolve(host).finally(() => running.delete(host));
    running.set(host, lookup);
    return await lookup;
  };
}

/**
 * Converts a resolver to the form that `net.connect` accepts. `net.connect` then tries every address (RFC
 * 8305).
 */
export function lookupOf(resolve: Resolve): LookupFunction {
  const lookup = callbackify(async (host: string) =>
    (await resolve(host)).map((address) => ({ address, family: isIP(address) })),
  );
  return (host, _options, callback) => {
    lookup(host, callback);
  };
}

/** The host part of a URL, without the brackets of an IPv6 address. */
export function bareHost(hostname: string): string {
  return hostname.replace(/^\[(.*)\]$/u, '$1');
}

/** Returns host and port of a URL. @param usualPort the port if the URL has none */
export function peerOf(
  { hostname, port }: URL,
  usualPort: number,
): { readonly host: string; readonly port: number } {
  return { host: bareHost(hostname), port: port === '' ? usualPort : Number(port) };
}
