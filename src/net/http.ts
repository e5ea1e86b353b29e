import * as http from 'node:http';
import * as https from 'node:https';
import type { ClientRequest, IncomingMessage, RequestOptions } from 'node:http';
import { isIPv4 } from 'node:net';
import type { Duplex } from 'node:stream';
import { bareHost, peerOf, type Resolve } from './addresses.ts';
import { connectVerified, type Trust } from './connect.ts';
import { withDeadline } from './deadline.ts';
import { HttpError } from './http-error.ts';

export interface HttpSettings {
  /**
   * The URL to which paths are relative. It must be `https:`, or `http:` if the host is an address of this
   * machine ({@link isLoopback}).
   */
  readonly base: URL;
  readonly trust: Trust;
  /** Maximum duration of one request, including the connection, in milliseconds. */
  readonly timeout: number;
  /** Resolves the host of an `https:` URL; absent: the system's resolver. */
  readonly resolve?: Resolve;
}

export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Path relative to the base URL; absent: the request goes to the base URL itself. */
  readonly path?: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /**
   * Whether sending the request twice has the same effect as sending it once. If so, it is sent again when a
   * kept connection turns out to be closed.
   */
  readonly repeatable: boolean;
  /** Maximum size of the answer, in octets; 1 MiB by default. */
  readonly mostOctets?: number;
}

export interface HttpAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly body: Buffer;
}

/** Maximum size of an answer, in octets, if the request does not set one. */
const usualOctets = 1024 * 1024;
/** Number of octets that are read of an answer with an error status. This is enough for its message. */
const mostErrorOctets = 64 * 1024;
/**
 * Milliseconds of idleness after which a connection is not used for a write. The server may be closing such a
 * connection.
 */
const longestIdleForWrite = 2_000;
/** Maximum number of idle connections that are kept. */
const mostKept = 4;
const keeping = { keepAlive: true, maxFreeSockets: mostKept };
/** Maximum number of interim answers (RFC 9110 section 15.2) before the final answer. */
const mostInterim = 16;

/**
 * A failed attempt. `stale`: the attempt used a kept connection that the server had closed, so a repeatable
 * request is sent again.
 */
interface Attempt {
  readonly error: HttpError;
  readonly stale: boolean;
}

/**
 * A client of one HTTPS server, or of an HTTP server on this machine. It keeps connections, and uses each
 * only after the server has proved its identity. It follows no redirects and does not ask for compression.
 */
export class HttpClient {
  readonly #settings: HttpSettings;
  readonly #agent: http.Agent;
  readonly #dropIdle: (longest: number) => void;

  /** @throws {RangeError} if the base URL is neither `https:` nor `http:` on this machine */
  constructor(settings: HttpSettings) {
    const plain = settings.base.protocol === 'http:' && isLoopback(settings.base.hostname);
    if (settings.base.protocol !== 'https:' && !plain) throw new RangeError('only https: is accepted');
    this.#settings = settings;
    this.#agent = plain ? new http.Agent(keeping) : new KeptConnections(settings);
    this.#dropIdle = idleTimes(this.#agent);
  }

  /**
   * Sends one request and reads the whole answer, whatever its status. If the status is 400 or higher, reads
   * only the first 64 KiB.
   * @throws {HttpError} also for a redirect; its `sent` says whether the server may have received the request
   */
  async send(request: HttpRequest, signal: AbortSignal): Promise<HttpAnswer> {
    if (!request.repeatable) this.#dropIdle(longestIdleForWrite);
    const { timeout } = this.#settings;
    return await withDeadline(timeout, [signal], (deadline) => this.#attempts(request, deadline));
  }

  /** Sends a request again as long as a kept connection turns out to be closed. */
  async #attempts(request: HttpRequest, deadline: AbortSignal): Promise<HttpAnswer> {
    for (let attempt = 0; ; attempt += 1) {
      const result = await this.#attempt(request, deadline);
      if (!('error' in result)) return result;
      if (!result.stale || !request.repeatable || attempt > mostKept) throw result.error;
    }
  }

  /** Closes every connection; requests that still run fail. */
  close(): void {
    this.#agent.destroy();
  }

  async #attempt(request: HttpRequest, signal: AbortSignal): Promise<HttpAnswer | Attempt> {
    const { base } = this.#settings;
    if (signal.aborted) return { error: deadlineOver('no'), stale: false };
    const { request: open } = base.protocol === 'http:' ? http : https;
    const sent = open(new URL(request.path ?? '', base), {
      method: request.method,
      agent: this.#agent,
      signal,
      headers: { ...request.headers, 'Content-Length': String(Buffer.byteLength(request.body)) },
    });
    const outcome = outcomeOf(sent, request.mostOctets ?? usualOctets, signal);
    sent.end(request.body);
    return await outcome;
  }
}

/**
 * Waits for the answer to a request, or for the reason why there is none. When `signal` aborts, the wait ends
 * in any case.
 */
function outcomeOf(
  sent: ClientRequest,
  mostOctets: number,
  signal: AbortSignal,
): Promise<HttpAnswer | Attempt> {
  const { promise, resolve } = Promise.withResolvers<HttpAnswer | Attempt>();
  let connected = false;
  const fail = (cause: Error): void => {
    resolve(failed(sent, connected, signal, cause));
  };
  // As long as the connection is not open, no part of the request has been sent.
  sent.once('socket', (socket) => {
    connected = !socket.connecting;
    if (!connected) {
      socket.once('connect', () => {
        connected = true;
      });
    }
  });
  sent.once('error', fail);
  let interim = 0;
  sent.on('information', () => {
    interim += 1;
    if (interim > mostInterim)
      sent.destroy(new HttpError('unreachable', 'maybe', { text: 'interim answers without an end' }));
  });
  // Without this listener Node.js closes the connection and reports no error.
  sent.once('upgrade', (_response, socket) => {
    socket.destroy();
    fail(new Error('the server wants to speak another protocol (101)'));
  });
  sent.once('response', (response) => {
    sent.removeListener('close', closed);
    receive(response, mostOctets, signal).then(resolve, (error: HttpError) => {
      sent.destroy();
      resolve({ error, stale: false });
    });
  });
  const closed = (): void => {
    fail(new Error('the connection was closed without an answer'));
  };
  sent.once('close', closed);
  // Node.js does not pass the signal on to a request that has no connection yet.
  const giveUp = (): void => {
    resolve({ error: deadlineOver(connected ? 'maybe' : 'no'), stale: false });
  };
  signal.addEventListener('abort', giveUp, { once: true });
  return promise.finally(() => {
    signal.removeEventListener('abort', giveUp);
  });
}

function failed(sent: ClientRequest, connected: boolean, signal: AbortSignal, cause: Error): Attempt {
  const maybe = connected ? 'maybe' : 'no';
  if (cause instanceof HttpError) return { error: cause, stale: false };
  if (signal.aborted) return { error: deadlineOver(maybe), stale: false };
  const error = new HttpError('unreachable', maybe, { text: cause.message }, cause);
  return { error, stale: sent.reusedSocket };
}

function deadlineOver(sent: 'no' | 'maybe'): HttpError {
  return new HttpError('unreachable', sent, { text: 'no answer in time' });
}

async function receive(
  response: IncomingMessage,
  mostOctets: number,
  signal: AbortSignal,
): Promise<HttpAnswer> {
  const status = response.statusCode ?? 0;
  if (status >= 300 && status < 400) throw redirected(response);
  const body = new GrowingBuffer();
  try {
    for await (const part of response) {
      body.add(Buffer.from(part));
      if (status >= 400 && body.size > mostErrorOctets) break;
      if (body.size > mostOctets)
        throw new HttpError('too-large', 'maybe', { text: `more than ${mostOctets} octets` });
    }
  } catch (cause) {
    if (cause instanceof HttpError) throw cause;
    if (signal.aborted) throw deadlineOver('maybe');
    throw new HttpError('unreachable', 'maybe', { text: 'the answer was cut off' }, cause);
  }
  return { status, contentType: response.headers['content-type'] ?? '', body: body.octets };
}

/**
 * Joins the parts of an answer into one buffer. The buffer grows in large steps, even if the parts are small.
 */
class GrowingBuffer {
  #held = Buffer.alloc(0);
  size = 0;

  get octets(): Buffer {
    return this.#held.subarray(0, this.size);
  }

  add(part: Buffer): void {
    if (this.size + part.length > this.#held.length) {
      const larger = Buffer.alloc(Math.max(this.size + part.length, 2 * this.size, 4096));
      larger.set(this.octets);
      this.#held = larger;
    }
    this.#held.set(part, this.size);
    this.size += part.length;
  }
}

function redirected(response: IncomingMessage): HttpError {
  const target = response.headers.location ?? '';
  const host = URL.canParse(target) ? new URL(target).host : 'the same host';
  response.resume();
  return new HttpError('redirect', 'maybe', { text: `redirected to ${host}`, host });
}

/**
 * Whether a host is a loopback address. No other machine can read what is sent to such an address.
 * @param hostname an address, with or without brackets; for a name the result is false
 */
export function isLoopback(hostname: string): boolean {
  const host = bareHost(hostname);
  return (isIPv4(host) && host.startsWith('127.')) || host === '::1';
}

/**
 * Remembers since when each connection of an agent has been idle.
 * @returns a function that closes all connections which have been idle for longer than `longest` milliseconds
 */
function idleTimes(agent: http.Agent): (longest: number) => void {
  const since = new WeakMap<Duplex, number>();
  agent.on('free', (socket: Duplex) => since.set(socket, performance.now()));
  return (longest) => {
    const oldest = performance.now() - longest;
    for (const socket of Object.values(agent.freeSockets).flat())
      if (socket !== undefined && (since.get(socket) ?? 0) < oldest) socket.destroy();
  };
}

/**
 * Opens and keeps connections to one server. Each is used only after the server's certificate was checked.
 */
class KeptConnections extends https.Agent {
  readonly #settings: HttpSettings;
  readonly #making = new Set<Duplex>();

  constructor(settings: HttpSettings) {
    // Without a session cache the server shows its certificate on every connection.
    super({ ...keeping, maxCachedSessions: 0 });
    this.#settings = settings;
  }

  override createConnection(
    _options: RequestOptions,
    callback?: (error: Error | null, stream: Duplex) => void,
  ): undefined {
    const { base, trust, timeout, resolve } = this.#settings;
    const peer = { ...peerOf(base, 443), ...(resolve && { resolve }) };
    const socket = connectVerified(peer, trust, timeout, (result) => {
      this.#making.delete(socket);
      if (result instanceof HttpError) callback?.(result, socket);
      else callback?.(null, result);
    });
    this.#making.add(socket);
  }

  override destroy(): void {
    for (const socket of this.#making) socket.destroy();
    super.destroy();
  }
}
