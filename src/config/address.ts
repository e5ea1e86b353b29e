import { peerOf } from '../net/addresses.ts';
import { isLoopback } from '../net/http.ts';

export type AddressMistake =
  | 'settings.http-refused'
  | 'settings.bad-address'
  | 'settings.credentials-in-address';

/**
 * Makes the base URL of a central from a host, a host with a port, or a whole https address. Plain http would
 * send name and password unencrypted. So it is allowed only to this machine, and only for kinds of centrals
 * that have no TLS of their own.
 * @param plainHere whether `http://` with a loopback address is allowed
 * @returns a URL without query and final slash, with a path only if the text has one; or the code of a
 *   mistake
 */
function baseAddress(text: string, plainHere: boolean): { readonly url: string } | AddressMistake {
  const plain = /^http:\/\//i.test(text);
  if (plain && !(plainHere && URL.canParse(text) && isLoopback(new URL(text).hostname)))
    return 'settings.http-refused';
  const spelled = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `https://${bracketed(text)}`;
  const url = bareUrl(spelled);
  if (url === null || (!plain && url.protocol !== 'https:')) return 'settings.bad-address';
  if (url.username !== '' || url.password !== '') return 'settings.credentials-in-address';
  const own = url.pathname.replace(/\/+$/, '');
  // `URL` drops the port 443, because it is the default. Without a path, domainsync searches for the central,
  // and a written port limits this search; so the port is added again.
  const port = own === '' && /:443\/*$/.test(spelled) ? ':443' : '';
  return { url: `${url.protocol}//${url.host}${port}${own}` };
}

/**
 * Makes the base address of a central from its setting `host`.
 * @param form the form of the setting, as the central's module says (`src/centrals/module.ts`)
 * @param transport of a name server; decides about its usual port
 * @returns the address; or the code of a mistake
 */
export function centralAddress(
  host: string,
  form: 'web' | 'web-or-local' | 'name-server',
  transport: string,
): { readonly url: string } | AddressMistake {
  if (form !== 'name-server') return baseAddress(host, form === 'web-or-local');
  const server = serverAddress(host.replace(/^dns:\/\//i, ''), transport === 'tls' ? 853 : 53);
  return server === null ? 'settings.bad-address' : { url: `dns://${serverText(server)}` };
}

/** Longest host name (RFC 1035 section 2.3.4). */
const longestHost = 253;

/** Parses a URL that has only a host and perhaps a port and a path; `null` for any other text. */
function bareUrl(spelled: string): URL | null {
  const url = URL.canParse(spelled) ? new URL(spelled) : null;
  if (url === null || url.search !== '' || url.hash !== '' || /\s/.test(spelled)) return null;
  return url.hostname === '' || url.hostname.length > longestHost ? null : url;
}

/** Host (name, or IP address without brackets) and port of a name server. */
export type ServerAddress = ReturnType<typeof peerOf>;

/**
 * Parses a name server: `host` or `host:port`. An IPv6 address needs brackets if a port follows it.
 * @param usualPort the port to use if the text has none
 * @returns null if the text does not name a server
 */
export function serverAddress(text: string, usualPort: number): ServerAddress | null {
  const url = bareUrl(`dns://${bracketed(text.trim())}`);
  if (url === null || text.includes('/') || text.includes('@')) return null;
  const { host, port } = peerOf(url, usualPort);
  return /^[0-9a-z.:_-]+$/iu.test(host) ? { host: host.toLowerCase(), port } : null;
}

/** Writes a name server in the form that {@link serverAddress} parses. */
export function serverText({ host, port }: ServerAddress): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/**
 * Puts brackets around an IPv6 address without brackets, because a URL needs them (RFC 3986 section 3.2.2).
 */
function bracketed(text: string): string {
  return /^[0-9a-f]*:[0-9a-f:.]*:[0-9a-f:.]*$/i.test(text) ? `[${text}]` : text;
}
