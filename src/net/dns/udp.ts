import { createSocket, type Socket } from 'node:dgram';
import { isIP } from 'node:net';
import { systemResolve } from '../addresses.ts';
import type { Peer } from '../connect.ts';
import { deadlineOver, DnsError } from './dns-error.ts';

/** Milliseconds until a query is sent again, doubled each time. */
const firstWait = 1_000;
/**
 * Milliseconds to wait for a valid answer after one with a wrong signature, which may be forged (RFC 8945
 * section 5.3).
 */
const graceAfterForgery = 500;

export interface UdpRequest {
  readonly octets: Uint8Array;
  /** Whether it may be sent again if no answer comes. */
  readonly repeatable: boolean;
}

/**
 * Sends one datagram from a port of its own and waits for the answer. Datagrams from other addresses are
 * ignored.
 * @param peer an address, not a name
 * @param accept gets every datagram from the peer. It returns the answer, or `null` if the datagram does
 *   not answer this request. It throws a {@link DnsError} for an answer that cannot be trusted
 * @throws {DnsError}
 */
export async function exchangeUdp<T>(
  peer: Peer,
  request: UdpRequest,
  accept: (octets: Buffer) => T | null,
  signal: AbortSignal,
): Promise<T> {
  const socket = createSocket(isIP(peer.host) === 6 ? 'udp6' : 'udp4');
  try {
    await connected(socket, peer, signal);
    return await new Promise<T>((resolve, reject) => {
      new UdpExchange(socket, request, accept, signal).start(resolve, reject);
    });
  } finally {
    socket.close();
  }
}

/** The addresses of a server, in the order to try them. @throws {DnsError} with `sent: 'no'` */
export async function addressesOf(
  { host, resolve = systemResolve }: Peer,
  signal: AbortSignal,
): Promise<readonly string[]> {
  if (isIP(host) !== 0) return [host];
  return await new Promise((fulfil, reject) => {
    const giveUp = (): void => {
      reject(deadlineOver('no'));
    };
    signal.addEventListener('abort', giveUp, { once: true });
    resolve(host)
      .then(fulfil, (cause: unknown) => {
        const text = `${host}: ${cause instanceof Error ? cause.message : ''}`;
        reject(new DnsError('unreachable', 'no', { text }, cause));
      })
      .finally(() => {
        signal.removeEventListener('abort', giveUp);
      });
  });
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
