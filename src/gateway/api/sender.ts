import type { IncomingMessage } from 'node:http';
import { isIn, type Network } from '../../net/inside.ts';
import { ApiRefusal } from '../api-refusal.ts';
import { canonicalAddress, clientAddress } from './address.ts';

/** The headers in which a proxy can name the client whose request it forwards. */
export const proxyHeaders = ['x-forwarded-for', 'forwarded'] as const;

/** Proxies in front of the gateway. */
export interface TrustedProxies {
  /** Their addresses. The header is read only in requests from these; empty: it is never read. */
  readonly networks: readonly Network[];
  /**
   * The header that they write. The other one is never read: a proxy forwards it as the client sent it.
   */
  readonly header: (typeof proxyHeaders)[number];
}

/** Maximum number of proxies that one request may have passed. */
const mostProxies = 20;

/** What a request says about its sender: the socket's `remoteAddress`, and all headers. */
export interface SenderFacts extends Pick<IncomingMessage, 'headersDistinct'> {
  readonly remoteAddress: string | undefined;
}

/**
 * Returns the address of the client that sent a request. Each proxy appends to the header the address from
 * which it received the request. So the last address that is not a trusted proxy's is the client's. The
 * client may have invented the addresses before it.
 * @throws {ApiRefusal} 400: a trusted proxy has written something else than an address
 */
export function senderAddress(
  { remoteAddress, headersDistinct }: SenderFacts,
  { networks, header }: TrustedProxies,
): string {
  let address = clientAddress(remoteAddress);
  if (!isIn(address, networks)) return address;
  const hops = hopsIn(header, headersDistinct[header] ?? []);
  for (const hop of hops.toReversed().slice(0, mostProxies)) {
    address = addressIn(hop) ?? refuse(header);
    if (!isIn(address, networks)) return address;
  }
  // So many proxies in a row are a mistake, or a client in a trusted network who invents them.
  return hops.length > mostProxies ? refuse(header) : address;
}

/** What the proxies have written, in their order. A text that names nobody is empty. */
function hopsIn(header: TrustedProxies['header'], lines: readonly string[]): readonly string[] {
  const line = lines.join(',');
  return header === 'forwarded'
    ? forwardedHops(line)
    : line
        .split(',')
        .map((part) => part.trim())
        .filter((part) => part !== '');
}

const word = "[\\w!#$%&'*+.^`|~-]+";
/** One parameter of `Forwarded`, or none, with the delimiter behind it (RFC 7239 section 4). */
const parameter = new RegExp(
  `[ \\t]*(?:(${word})=(?:(${word})|"((?:[^"\\\\]|\\\\.)*)"))?[ \\t]*([,;]|$)`,
  'uy',
);

/**
 * The values of `for`, one for each element. The whole header is read from its beginning, because a comma may
 * stand within quotation marks. A client could leave some open, to hide what the proxy has added.
 */
function forwardedHops(line: string): readonly string[] {
  const hops: string[] = [];
  let element: Map<string, string> = new Map();
  for (let at = 0; ; at = parameter.lastIndex) {
    parameter.lastIndex = at;
    const found = parameter.exec(line) ?? refuse('forwarded');
    const [, name, plain, quoted, delimiter] = found;
    if (name !== undefined) {
      if (element.has(name.toLowerCase())) refuse('forwarded');
      element.set(name.toLowerCase(), plain ?? (quoted ?? '').replaceAll(/\\(.)/gu, '$1'));
    }
    if (delimiter === ';') continue;
    if (element.size > 0) hops.push(element.get('for') ?? '');
    if (delimiter === '') return hops;
    element = new Map();
  }
}

/** Reads an address, perhaps with a port; IPv6 perhaps in brackets. @returns null: it is none */
function addressIn(hop: string): string | null {
  const [, six, four] = /^(?:\[([\da-f]*:[\da-f:.]+)\](?::\w+)?|([\d.]+):\w+)$/iu.exec(hop) ?? [];
  return canonicalAddress(six ?? four ?? hop);
}

function refuse(header: string): never {
  throw new ApiRefusal(400, 'gateway.bad-request', { params: { text: `header ${header}` } });
}
