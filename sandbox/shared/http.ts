import http from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { Params, parseMultipart } from './params.ts';
import type { Certificate } from './certificate.ts';
import type { Profile } from './profile.ts';
import type { Pages } from './pages.ts';
import type { Request } from './panel.ts';
import type { Service, Wire } from './serve.ts';

const BODY_LIMIT = 4 * 1024 * 1024;

type Incoming = http.IncomingMessage;
type Outgoing = http.ServerResponse;

/** Answers requests to a path that does not belong to the API. */
export type Extra = (
  request: Incoming,
  body: string,
) => Promise<{ readonly status: number; readonly body: string }>;

export interface HttpOptions {
  readonly service: Service;
  readonly pages: Pages;
  readonly profile: Profile;
  readonly port: number;
  readonly certificate: Certificate | null;
  readonly extra: Readonly<Record<string, Extra>>;
}

async function readBody(request: Incoming): Promise<string> {
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of request) {
    const bytes = Buffer.from(piece);
    size += bytes.length;
    if (size > BODY_LIMIT) throw new Error('the body is too large');
    pieces.push(bytes);
  }
  return Buffer.concat(pieces).toString();
}

function readParams(query: string, body: string, type: string): Params {
  const inQuery = Params.parse(query, 'query');
  if (type.startsWith('multipart/form-data')) return inQuery.and(parseMultipart(body, type));
  return inQuery.and(Params.parse(body, 'body'));
}

function plainHeaders(headers: http.IncomingHttpHeaders): Record<string, string> {
  const plain: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) plain[name] = [value ?? []].flat().join(', ');
  return plain;
}

function toRequest(request: Incoming, query: string, body: string): Request {
  return {
    params: readParams(query, body, request.headers['content-type'] ?? ''),
    method: request.method ?? 'GET',
    via: 'http',
    address: request.socket.remoteAddress ?? '',
    cookie: request.headers.cookie,
    referer: request.headers.referer ?? '',
    headers: plainHeaders(request.headers),
  };
}

function send(response: Outgoing, wire: Wire, profile: Profile): void {
  if (wire.kind === 'cut') {
    response.socket?.destroy();
    return;
  }
  const headers: http.OutgoingHttpHeaders = { 'Content-Type': wire.type, 'Content-Length': wire.body.length };
  const session = wire.result?.session ?? null;
  if (session !== null)
    headers['Set-Cookie'] = `${profile.cookieName}=${profile.cookieValue(session, 'en')}; path=/`;
  response.writeHead(wire.status, headers).end(wire.body);
}

function sendPlain(response: Outgoing, status: number, body: string): void {
  response.writeHead(status, { 'Content-Type': 'application/json' }).end(body);
}

/**
 * API clients name a format in `out` (docs/protocol.md#formats). A request without `out` that accepts HTML
 * comes from a browser.
 */
function isBrowser(request: Incoming, call: Request): boolean {
  return call.params.get('out') === undefined && (request.headers.accept ?? '').includes('text/html');
}

async function sendPage(response: Outgoing, pages: Pages, call: Request): Promise<void> {
  const { status, headers, body } = await pages.serve(call);
  response.writeHead(status, { ...headers, 'Content-Length': Buffer.byteLength(body) }).end(body);
}

async function answer(request: Incoming, response: Outgoing, options: HttpOptions): Promise<void> {
  const [path = '/', query = ''] = (request.url ?? '/').split(/\?(.*)/su);
  const body = await readBody(request);
  const extra = options.extra[path];
  if (extra !== undefined) {
    const said = await extra(request, body);
    sendPlain(response, said.status, said.body);
  } else if (options.profile.paths.has(path)) {
    const call = toRequest(request, query, body);
    if (isBrowser(request, call)) await sendPage(response, options.pages, call);
    else send(response, await options.service.serve(call), options.profile);
  } else
    response.writeHead(404, { 'Content-Type': 'text/html' }).end('<html><body>404 Not Found</body></html>\n');
}

/** A running HTTP server. */
export interface HttpServer {
  readonly url: string;
  /** Uses another certificate for new connections. */
  setCertificate(certificate: Certificate): void;
  /** Stops listening and closes every connection. */
  close(): Promise<void>;
}

/** Serves the API and the pages on 127.0.0.1. @throws Error when the port is in use */
export async function startHttp(options: HttpOptions): Promise<HttpServer> {
  const listener = (request: Incoming, response: Outgoing): void => {
    // The panel is stopping or the client has gone, so nobody waits for an answer.
    answer(request, response, options).catch(() => response.socket?.destroy());
  };
  const { certificate } = options;
  const server =
    certificate === null ? http.createServer(listener) : https.createServer({ ...certificate }, listener);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `${certificate === null ? 'http' : 'https'}://127.0.0.1:${port}`,
    setCertificate: (next) => {
      if ('setSecureContext' in server) server.setSecureContext({ ...next });
      server.closeIdleConnections();
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
