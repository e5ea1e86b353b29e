import { peerOf } from '../net/addresses.ts';
import type { Problem } from '../dns/problem.ts';
import { isLoopback } from '../net/http.ts';

/** Where an address stands, for messages, and what it may be. */
export interface AddressPlace {
  readonly line: number;
  readonly path: string;
  readonly plainHere?: boolean;
}

/**
 * The base URL of a central from what stands in the settings: a host, a host with a port, or a whole https
 * address. Plain http is refused, because name and password would travel in the clear. It is allowed to this
 * machine itself if the central has no TLS of its own.
 * @param plainHere whether `http://` is taken with a loopback address
 * @returns an https URL without query and final slash, and without a path where none was written; empty when
 *   a problem was found
 */
export function baseAddress(
  text: string,
  { line, path, plainHere }: AddressPlace,
  problems: Problem[],
): string {
  const params = { path, line: String(line), option: 'host' };
  const plain = /^http:\/\//i.test(text);
  if (plain && !(plainHere && URL.canParse(text) && isLoopback(new URL(text).hostname))) {
    problems.push({ code: 'settings.http-refused', params });
    return '';
  }
  const spelled = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `https://${bracketed(text)}`;
  const url = bareUrl(spelled);
  if (url === null || (!plain && url.protocol !== 'https:')) {
    problems.push({ code: 'settings.bad-address', params });
    return '';
  }
  if (url.username !== '' || url.password !== '') {
    problems.push({ code: 'settings.credentials-in-address', params });
    return '';
  }
  const own = url.pathname.replace(/\/+$/, '');
  // A URL forgets the port that is usual for it; where no path is written it says which places to check.
  const port = own === '' && /:443\/*$/.test(spelled) ? ':443' : '';
  return `${url.protocol}//${url.host}${port}${own}`;
}

/** Longest host name (RFC 1035 section 2.3.4). */
const longestHost = 253;

/** A URL of a host and perhaps a path, and nothing else; `null` when it is none. */
function bareUrl(spelled: string): URL | null {
  const url = URL.canParse(spelled) ? new URL(spelled) : null;
  if (url === null || url.search !== '' || url.hash !== '' || /\s/.test(spelled)) return null;
  return url.hostname === '' || url.hostname.length > longestHost ? null : url;
}

/** A name server: host name or address literal, and port. */
export interface ServerAddress {
  /** Without brackets. */
  readonly host: string;
  readonly port: number;
}

/**
 * A name server from what stands in the settings: host or host:port, an IPv6 address in brackets when a port
 * follows.
 * @returns null when it is none
 */
export function serverAddress(text: string, usualPort: number): ServerAddress | null {
  const url = bareUrl(`dns://${bracketed(text.trim())}`);
  if (url === null || text.includes('/') || text.includes('@')) return null;
  const { host, port } = peerOf(url, usualPort);
  return /^[0-9a-z.:_-]+$/iu.test(host) ? { host: host.toLowerCase(), port } : null;
}

/** The spelling {@link serverAddress} reads. */
export function serverText({ host, port }: ServerAddress): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** A bare IPv6 address needs brackets in a URL (RFC 3986 section 3.2.2). */
function bracketed(text: string): string {
  return /^[0-9a-f]*:[0-9a-f:.]*:[0-9a-f:.]*$/i.test(text) ? `[${text}]` : text;
}
