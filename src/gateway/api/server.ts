import { randomBytes } from 'node:crypto';
import {
  createServer as createPlain,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import { createServer as createSecure } from 'node:https';
import { isIP, type AddressInfo, type Socket } from 'node:net';
import type { Log } from '../../core/log.ts';
import { parseJsonInSlices } from '../../net/json.ts';
import { ApiRefusal } from '../api-refusal.ts';
import type { Storage } from '../storage/storage.ts';
import { authenticate } from '../work/authenticate.ts';
import type { Gateway } from '../work/gateway.ts';
import { problemDetails, apiRefusalOf } from './problem-details.ts';
import { findRoute, type ApiAnswer, type FoundRoute } from './routes.ts';

/** Largest body of a request, octets. */
const mostOctets = 4 * 1024 * 1024;
/** How long a client may take to send a request, milliseconds. */
const sending = 20_000;
/** Largest headers of a request, octets. */
const mostHeaders = 16 * 1024;
/** How long a gateway that stops waits for its answers, milliseconds. */
const answering = 15_000;
/** Maximum number of connections. */
const mostConnections = 2_000;

export interface ApiParts {
  readonly gateway: Gateway;
  readonly storage: Storage;
  readonly log: Log;
  /** Wall clock, milliseconds. */
  readonly wall: () => number;
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
  readonly #sockets = new Set<Socket>();
  /** Connections with a request that is not answered yet. */
  readonly #busy = new Set<Socket>();

  /** @param certificate null: plain HTTP, which is meant for addresses of this machine only */
  constructor(parts: ApiParts, certificate: Certificate | null) {
    this.#parts = parts;
    const options = { requestTimeout: sending, headersTimeout: sending, maxHeaderSize: mostHeaders };
    const handle = (request: IncomingMessage, response: ServerResponse): void => {
      const { socket } = request;
      this.#busy.add(socket);
      response.once('close', () => this.#busy.delete(socket));
      void this.#handle(request, response);
    };
    this.#server =
      certificate === null
        ? createPlain(options, handle)
        : createSecure({ ...options, ...certificate, minVersion: 'TLSv1.2' }, handle);
    this.#server.maxConnections = mostConnections;
    this.#server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
  }

  /** Begins to listen. @returns the port. @throws {Error} of the system, if the address cannot be used */
  async listen(host: string, port: number): Promise<number> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, host, resolve);
    });
    const address = this.#server.address() as AddressInfo;
    return address.port;
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
    for (const socket of this.#sockets) if (!this.#busy.has(socket)) socket.destroy();
    const timer = setTimeout(() => {
      for (const socket of this.#sockets) socket.destroy();
    }, answering);
    await closed;
    clearTimeout(timer);
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const id = randomBytes(8).toString('hex');
    const begun = performance.now();
    const seen: Seen = { route: '-', customer: '-', token: '-' };
    const answer = await this.#answer(request, seen).catch((error: unknown) => this.#refusal(error, id));
    const text = JSON.stringify(answer.body);
    const problem = answer.status >= 400;
    response.writeHead(answer.status, {
      'Content-Type': problem ? 'application/problem+json' : 'application/json',
      'Content-Length': Buffer.byteLength(text),
      'Cache-Control': 'no-store',
      'X-Request-Id': id,
      // What is left of a body that was not read must not be taken for the next request.
      ...(request.complete ? {} : { Connection: 'close' }),
    });
    response.end(text);
    const ms = Math.round(performance.now() - begun);
    this.#parts.log(5, 'request', { id, ...seen, status: answer.status, ms });
  }

  async #answer(request: IncomingMessage, seen: Seen): Promise<ApiAnswer> {
    const { gateway, storage, log, wall } = this.#parts;
    const [path = '', query = ''] = (request.url ?? '').split('?', 2);
    const { route, values }: FoundRoute = findRoute(request.method ?? '', path);
    seen.route = `${route.method} ${route.path}`;
    const ports = { storage, log, wall };
    const caller = await authenticate(ports, tokenIn(request), addressOf(request));
    seen.customer = caller.customer.id;
    seen.token = caller.token.id;
    const body = await bodyOf(request);
    return await route.answer(gateway, { caller, values, query: new URLSearchParams(query), body });
  }

  #refusal(error: unknown, id: string): ApiAnswer {
    const refusal = apiRefusalOf(error);
    const known = refusal ?? new ApiRefusal(500, 'gateway.failed', { state: 'unknown', cause: error });
    const { cause } = known;
    if (cause !== undefined && known.status >= 500) {
      const text = cause instanceof Error ? (cause.stack ?? cause.message) : 'not an error';
      this.#parts.log(refusal === null ? 1 : 2, 'request.failed', { id, code: known.code, text });
    }
    return { status: known.status, body: problemDetails(known, id) };
  }
}

/** What the log says of a request. Paths and queries are left out, because they may hold names. */
interface Seen {
  route: string;
  customer: string;
  token: string;
}

function tokenIn({ headers }: IncomingMessage): string {
  return /^Bearer (\S{1,200})$/iu.exec(headers.authorization ?? '')?.[1] ?? '';
}

/** The client's address. An IPv4 address that arrives at an IPv6 socket is shown as IPv4. */
function addressOf({ socket }: IncomingMessage): string {
  const address = (socket.remoteAddress ?? '').replace(/^::ffff:(?=\d+\.)/u, '');
  return isIP(address) === 0 ? '::' : address;
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const octets = await octetsOf(request);
  if (octets.length === 0) return null;
  try {
    return await parseJsonInSlices(new TextDecoder('utf-8', { fatal: true }).decode(octets));
  } catch (error) {
    throw new ApiRefusal(400, 'gateway.bad-request', { params: { text: 'body: no JSON' }, cause: error });
  }
}

async function octetsOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let octets = 0;
  try {
    for await (const chunk of request) {
      const part = Buffer.from(chunk);
      octets += part.length;
      if (octets > mostOctets) throw new ApiRefusal(413, 'gateway.too-large');
      chunks.push(part);
    }
  } catch (error) {
    if (error instanceof ApiRefusal) throw error;
    throw new ApiRefusal(400, 'gateway.bad-request', { params: { text: 'body: cut off' }, cause: error });
  }
  return Buffer.concat(chunks);
}
