import { randomBytes } from 'node:crypto';
import {
  createServer as createPlain,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type Server,
  type ServerResponse,
} from 'node:http';
import { createServer as createSecure } from 'node:https';
import type { Log } from '../../core/log.ts';
import { ApiRefusal } from '../api-refusal.ts';
import type { GatewayMetrics } from '../metrics.ts';
import { authenticateOperator } from '../operator/login.ts';
import { authenticate } from '../work/authenticate.ts';
import { findHeldToken } from '../work/held-token.ts';
import { clientNetwork } from './address.ts';
import { Connections } from './connections.ts';
import {
  LimitExceeded,
  LoginLimits,
  OpenLimits,
  RequestLimits,
  wholeSeconds,
  type ApiLimits,
} from './limits.ts';
import { apiRefusalOf, problemDetails } from './problem-details.ts';
import { bodyOf, headersOf, tokenIn } from './read-request.ts';
import { findRoute, type ApiAnswer, type ApiWork, type Route, type RequestSender } from './route.ts';
import { allowedMethods, routes } from './routes.ts';
import { listenAt } from './listen.ts';
import { senderAddress, type TrustedProxies } from './sender.ts';

/** Largest headers of a request, octets. */
const mostHeaders = 16 * 1024;
/** How slowly a client may take an answer, octets in a millisecond. */
const slowest = 512;
/** How often connections are checked for being too slow, milliseconds. */
const checkEvery = 1_000;
/** How long a gateway that stops waits for its answers, milliseconds. */
const answering = 15_000;

export interface ApiParts extends ApiWork {
  readonly log: Log;
  /** Monotonic clock, milliseconds. */
  readonly now: () => number;
  readonly limits: ApiLimits;
  readonly proxies: TrustedProxies;
  readonly metrics: GatewayMetrics;
}

/** Certificate chain and key, PEM. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

/** The gateway's HTTP API, on one address. */
export class ApiServer {
  readonly #server: Server;
  readonly #parts: ApiParts;
  readonly #connections: Connections;
  readonly #logins: LoginLimits;
  readonly #requests: RequestLimits;
  readonly #open: OpenLimits;

  /** @param certificate null: plain HTTP, which is meant for addresses of this machine only */
  constructor(parts: ApiParts, certificate: Certificate | null) {
    this.#parts = parts;
    const { limits, now, metrics, proxies } = parts;
    this.#logins = new LoginLimits(limits, now);
    this.#requests = new RequestLimits(limits, now);
    this.#open = new OpenLimits(limits, now);
    const options = {
      requestTimeout: limits.sending,
      headersTimeout: limits.sending,
      keepAliveTimeout: limits.idle,
      connectionsCheckingInterval: checkEvery,
      maxHeaderSize: mostHeaders,
    };
    const handle = (request: IncomingMessage, response: ServerResponse): void => {
      response.once('close', this.#connections.begin(request.socket));
      void this.#handle(request, response);
    };
    const secure = { minVersion: 'TLSv1.2', handshakeTimeout: limits.sending } as const;
    this.#server =
      certificate === null
        ? createPlain(options, handle)
        : createSecure({ ...options, ...certificate, ...secure }, handle);
    const { connections: most, connectionsByAddress: byAddress } = limits;
    const counted = { most, byAddress, proxies: proxies.networks };
    this.#connections = new Connections(this.#server, counted, (why) => {
      metrics.connectionRefused(why);
    });
  }

  /** Number of open connections. */
  get connections(): number {
    return this.#connections.size;
  }

  /** Begins to listen. @returns the port. @throws {Error} of the system, if the address cannot be used */
  async listen(host: string, port: number): Promise<number> {
    return await listenAt(this.#server, host, port);
  }

  /**
   * Ends when all requests that run are answered, or after {@link answering}. Connections without a request
   * are closed at once.
   */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => {
      this.#server.close(() => {
        resolve();
      });
    });
    this.#connections.end();
    const timer = setTimeout(() => {
      this.#connections.destroyAll();
    }, answering);
    await closed;
    clearTimeout(timer);
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const id = randomBytes(8).toString('hex');
    const begun = this.#parts.now();
    const seen: Seen = { route: '-', customer: '-', token: '-' };
    const counted: Counted = { token: null };
    const answer = await this.#answer(request, seen, counted).catch((error: unknown) =>
      this.#refusal(error, request, id),
    );
    const { text, type } = textOf(answer);
    response.writeHead(answer.status, {
      ...(text === null ? {} : { 'Content-Type': type, 'Content-Length': Buffer.byteLength(text) }),
      'Cache-Control': 'no-store',
      'X-Request-Id': id,
      ...(counted.token === null ? {} : this.#requests.headers(counted.token)),
      ...answer.headers,
      // What is left of a body that was not read must not be taken for the next request.
      ...(request.complete ? {} : { Connection: 'close' }),
    });
    response.end(text ?? undefined);
    this.#endUnread(request, response, text?.length ?? 0);
    const ms = this.#parts.now() - begun;
    this.#parts.metrics.request({ route: seen.route, status: answer.status, ms });
    this.#parts.log(5, 'request', { id, ...seen, status: answer.status, ms: Math.round(ms) });
  }

  /**
   * Closes the connection of a client that does not take its answer in time. Else answers that nobody reads
   * could fill the memory. @param size of the answer, characters
   */
  #endUnread({ socket }: IncomingMessage, response: ServerResponse, size: number): void {
    if (response.closed) return;
    const patience = this.#parts.limits.sending + size / slowest;
    const timer = setTimeout(() => {
      socket.destroy();
    }, patience);
    response.once('close', () => {
      clearTimeout(timer);
    });
  }

  async #answer(request: IncomingMessage, seen: Seen, counted: Counted): Promise<ApiAnswer> {
    const [path = '', query = ''] = (request.url ?? '').split('?', 2);
    const { route, values } = findRoute(routes, request.method ?? '', path);
    seen.route = `${route.method} ${route.path}`;
    const caller = await this.#caller(request, route);
    const answer = async (): Promise<ApiAnswer> => {
      const headers = headersOf(request);
      const body = await bodyOf(request);
      const asked = { caller, values, query: new URLSearchParams(query), body, headers };
      return await route.answer(this.#parts, asked);
    };
    if (caller === null) return await answer();
    seen.token = caller.token.id;
    if ('customer' in caller) seen.customer = caller.customer.id;
    counted.token = countedToken(caller);
    return await this.#requests.run(counted.token, route.isWrite, answer);
  }

  async #caller(request: IncomingMessage, { audience }: Route): Promise<RequestSender | null> {
    const { headersDistinct, socket } = request;
    const facts = { remoteAddress: socket.remoteAddress, headersDistinct };
    const from = senderAddress(facts, this.#parts.proxies);
    if (audience === 'anyone') {
      this.#open.demand(clientNetwork(from));
      return null;
    }
    const login = logins[audience];
    const token = tokenIn(request);
    return await this.#logins.run(clientNetwork(from), token, async () => login(this.#parts, token, from));
  }

  #refusal(error: unknown, request: IncomingMessage, id: string): ApiAnswer {
    const refusal = apiRefusalOf(error);
    const known = refusal ?? new ApiRefusal(500, 'gateway.failed', { state: 'unknown', cause: error });
    const { cause } = known;
    if (cause !== undefined && known.status >= 500) {
      const text = cause instanceof Error ? (cause.stack ?? cause.message) : 'not an error';
      this.#parts.log(refusal === null ? 1 : 2, 'request.failed', { id, code: known.code, text });
    }
    this.#parts.metrics.refused(known);
    return { status: known.status, body: problemDetails(known, id), headers: headersFor(known, request) };
  }
}

/** The token whose limits a request counts for; null: nobody has logged in. */
interface Counted {
  token: string | null;
}

/**
 * A request with a token that another token has made counts for its maker. Else a token could raise its limit
 * by making others.
 */
function countedToken(caller: RequestSender): string {
  return ('customer' in caller ? caller.token.maker : null) ?? caller.token.id;
}

/** How a request is logged in, by the audience of its route. */
const logins = {
  customer: authenticate,
  operator: authenticateOperator,
  holder: findHeldToken,
} as const;

/** What the log says of a request. Paths and queries are left out, because they may hold names. */
interface Seen {
  route: string;
  customer: string;
  token: string;
}

function textOf({ status, body, lines }: ApiAnswer): { readonly text: string | null; readonly type: string } {
  if (lines !== undefined)
    return { text: lines.map((line) => `${JSON.stringify(line)}\n`).join(''), type: 'application/jsonl' };
  const type = status >= 400 ? 'application/problem+json' : 'application/json';
  return { text: body === undefined ? null : JSON.stringify(body), type };
}

/** The headers that tell a client what to do about a refusal. */
function headersFor(refusal: ApiRefusal, { url = '' }: IncomingMessage): OutgoingHttpHeaders {
  switch (refusal.status) {
    case 401:
      return { 'WWW-Authenticate': 'Bearer' };
    case 405:
      return { Allow: allowedMethods(url.split('?', 1)[0] ?? '').join(', ') };
    case 429:
      return { 'Retry-After': refusal instanceof LimitExceeded ? wholeSeconds(refusal.wait) : 60 };
    case 503:
      return { 'Retry-After': 5 };
    default:
      return {};
  }
}
