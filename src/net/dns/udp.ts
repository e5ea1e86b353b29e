import { createSocket, type Socket } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import type { Peer } from '../connect.ts';
import { deadlineOver, DnsError } from './dns-error.ts';

/** Milliseconds before a query is sent again; doubled each time. */
const firstWait = 1_000;
/** Milliseconds that a right answer may still come after one whose signature is wrong: that one may be forged (RFC 8945 section 5.3). */
const graceAfterForgery = 500;

export interface UdpRequest {
  readonly octets: Uint8Array;
  /** Whether it may be sent again when no answer comes. */
  readonly repeatable: boolean;
}

/**
 * Sends one datagram from a port of its own and waits for its answer; only the server's address is listened to.
 * @param accept gets every datagram from there: gives the answer, `null` for what is no answer to this request, or throws a
 *   {@link DnsError} for an answer that cannot be believed
 * @throws {DnsError}
 */
export async function exchangeUdp<T>(
  peer: Peer,
  request: UdpRequest,
  accept: (octets: Buffer) => T | null,
  signal: AbortSignal,
): Promise<T> {
  const address = await resolveHost(peer.host, signal);
  const socket = createSocket(isIP(address) === 6 ? 'udp6' : 'udp4');
  try {
    await connected(socket, { host: address, port: peer.port }, signal);
    return await new Promise<T>((resolve, reject) => {
      new UdpExchange(socket, request, accept, signal).start(resolve, reject);
    });
  } finally {
    socket.close();
  }
}

async function resolveHost(host: string, signal: AbortSignal): Promise<string> {
  if (isIP(host) !== 0) return host;
  const aborted = new Promise<never>((_resolve, reject) => {
    signal.addEventListener('abort', () => {
      reject(deadlineOver('no'));
    });
  });
  try {
    return (await Promise.race([lookup(host), aborted])).address;
  } catch (cause) {
    if (cause instanceof DnsError) throw cause;
    const text = `${host}: ${cause instanceof Error ? cause.message : ''}`;
    throw new DnsError('unreachable', 'no', { text }, cause);
  }
}

async function connected(socket: Socket, { host, port }: Peer, signal: AbortSignal): Promise<void> {
  if (signal.aborted) throw deadlineOver('no');
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.removeListener('error', reject);
      resolve();
    });
    socket.connect(port, host);
  }).catch((cause: unknown) => {
    const text = `${host}:${port}: ${cause instanceof Error ? cause.message : ''}`;
    throw new DnsError('unreachable', 'no', { text }, cause);
  });
}

class UdpExchange<T> {
  readonly #socket: Socket;
  readonly #request: UdpRequest;
  readonly #accept: (octets: Buffer) => T | null;
  readonly #signal: AbortSignal;
  #timer: NodeJS.Timeout | null = null;
  #grace: NodeJS.Timeout | null = null;
  #doubtful: DnsError | null = null;

  constructor(
    socket: Socket,
    request: UdpRequest,
    accept: (octets: Buffer) => T | null,
    signal: AbortSignal,
  ) {
    this.#socket = socket;
    this.#request = request;
    this.#accept = accept;
    this.#signal = signal;
  }

  start(resolve: (answer: T) => void, reject: (error: DnsError) => void): void {
    const end = (act: () => void): void => {
      if (this.#timer !== null) clearTimeout(this.#timer);
      if (this.#grace !== null) clearTimeout(this.#grace);
      this.#signal.removeEventListener('abort', giveUp);
      this.#socket.removeAllListeners('message');
      act();
    };
    const fail = (error: DnsError): void => {
      end(() => {
        reject(error);
      });
    };
    const giveUp = (): void => {
      fail(this.#doubtful ?? deadlineOver('maybe'));
    };
    this.#signal.addEventListener('abort', giveUp, { once: true });
    this.#socket.on('error', (cause) => {
      fail(this.#doubtful ?? new DnsError('unreachable', 'maybe', { text: cause.message }, cause));
    });
    this.#socket.on('message', (octets) => {
      const answer = this.#judge(octets);
      if (answer !== null) {
        end(() => {
          resolve(answer);
        });
      } else if (this.#doubtful !== null) this.#grace ??= setTimeout(giveUp, graceAfterForgery);
    });
    this.#send(firstWait);
  }

  #judge(octets: Buffer): T | null {
    try {
      return this.#accept(octets);
    } catch (error) {
      if (!(error instanceof DnsError)) throw error;
      this.#doubtful = error;
      return null;
    }
  }

  #send(wait: number): void {
    this.#socket.send(this.#request.octets);
    if (!this.#request.repeatable) return;
    this.#timer = setTimeout(() => {
      this.#send(wait * 2);
    }, wait);
  }
}
