import type { Problem } from '../dns/problem.ts';

/**
 * The base URL of a central from what stands in the settings: a host, a host with a port, or a whole https address. Plain http is
 * refused: name and password would travel in the clear.
 * @returns an https URL without query and final slash, and without a path where none was written; empty when a problem was found
 */
export function baseAddress(text: string, line: number, path: string, problems: Problem[]): string {
  const params = { path, line: String(line), option: 'host' };
  if (/^http:\/\//i.test(text)) {
    problems.push({ code: 'settings.http-refused', params });
    return '';
  }
  const spelled = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `https://${bracketed(text)}`;
  const url = URL.canParse(spelled) ? new URL(spelled) : null;
  const sound =
    url !== null && url.protocol === 'https:' && url.hostname !== '' && url.search === '' && url.hash === '';
  if (!sound || /\s/.test(text) || url.hostname.length > longestHost) {
    problems.push({ code: 'settings.bad-address', params });
    return '';
  }
  if (url.username !== '' || url.password !== '') {
    problems.push({ code: 'settings.credentials-in-address', params });
    return '';
  }
  const own = url.pathname.replace(/\/+$/, '');
  // A URL forgets the port that is usual for it; where no path is written it says which places to look at.
  const port = own === '' && /:443\/*$/.test(spelled) ? ':443' : '';
  return `https://${url.host}${port}${own}`;
}

/** Longest host name (RFC 1035 section 2.3.4). */
const longestHost = 253;

/** A bare IPv6 address needs brackets in a URL (RFC 3986 section 3.2.2). */
function bracketed(text: string): string {
  return /^[0-9a-f]*:[0-9a-f:.]*:[0-9a-f:.]*$/i.test(text) ? `[${text}]` : text;
}
