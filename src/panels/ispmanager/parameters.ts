import type { HookCall } from '../../core/panel.ts';

/** Form parameters of one call by name; of a repeated name the last value counts, as in the panel. */
export type Parameters = ReadonlyMap<string, string>;

/**
 * The parameters of a CGI call: `QUERY_STRING`, and the body of a POST, urlencoded or multipart (reference 10.3, 2.2). The body
 * wins over the query. Octets that are not UTF-8 become U+FFFD.
 */
export function readCgiParameters(call: HookCall): Parameters {
  const parameters = new Map<string, string>();
  addUrlencoded(parameters, call.environment['QUERY_STRING'] ?? '');
  const type = call.environment['CONTENT_TYPE'] ?? '';
  const boundary = /^multipart\/form-data\b.*?\bboundary=(?:"([^"]+)"|([^;\s]+))/i.exec(type);
  const body = Buffer.from(call.body.buffer, call.body.byteOffset, call.body.byteLength);
  if (boundary === null) addUrlencoded(parameters, body.toString('latin1'));
  else addMultipart(parameters, body.toString('latin1'), boundary[1] ?? boundary[2] ?? '');
  return parameters;
}

/**
 * The parameters that a panel of the later generation exports as `PARAM_name` (reference 11.3). An empty one may be missing there
 * (21.5); the query string still shows it, but belongs to the person's own call: of one nested in it, it tells nothing.
 */
export function readEnvironmentParameters({ environment }: HookCall): Parameters {
  const parameters = new Map<string, string>();
  addUrlencoded(parameters, environment['QUERY_STRING'] ?? '');
  if (parameters.get('func') !== environment[`${prefix}func`]) parameters.clear();
  for (const [name, value] of Object.entries(environment)) {
    if (name.startsWith(prefix)) parameters.set(utf8(name.slice(prefix.length)), utf8(value));
  }
  return parameters;
}

const prefix = 'PARAM_';

/** Text of a variable that the agent hands on octet for octet; empty when there is none. */
export function utf8(octets: string | undefined): string {
  return Buffer.from(octets ?? '', 'latin1').toString('utf8');
}

function addUrlencoded(into: Map<string, string>, text: string): void {
  for (const pair of text.trim().split('&')) {
    if (pair === '') continue;
    const cut = pair.indexOf('=');
    const name = cut < 0 ? pair : pair.slice(0, cut);
    into.set(decode(name), cut < 0 ? '' : decode(pair.slice(cut + 1)));
  }
}

/** `+` is a space, `%XX` an octet; a `%` without two hex digits stands for itself (careless clients, reference 2.2). */
function decode(text: string): string {
  if (!/[%+\u0080-\uffff]/u.test(text)) return text;
  const octets = text
    .replaceAll('+', ' ')
    .replaceAll(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(octets, 'latin1').toString('utf8');
}

function addMultipart(into: Map<string, string>, body: string, boundary: string): void {
  for (const part of body.split(`--${boundary}`).slice(1, -1)) {
    const gap = part.indexOf('\r\n\r\n');
    const name = /\bname="([^"]*)"/i.exec(part.slice(0, gap))?.[1];
    if (gap < 0 || name === undefined) continue;
    const value = part.slice(gap + 4).replace(/\r\n$/, '');
    into.set(Buffer.from(name, 'latin1').toString('utf8'), Buffer.from(value, 'latin1').toString('utf8'));
  }
}
