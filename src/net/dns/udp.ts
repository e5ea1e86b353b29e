import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { isIP } from 'node:net';
import { systemResolve } from '../addresses.ts';
import type { Peer } from '../connect.ts';
import { untilAborted } from '../until-aborted.ts';
import { deadlineOver, DnsError } from './dns-error.ts';

/** Milliseconds without an answer, after which a query is sent again. Each further wait is twice as long. */
const firstWait = 1_000;
/**
 * Milliseconds to wait for a valid answer after one with a wrong signature, which may be forged (RFC 8945
 * section 5.3).
 */
const graceAfterForgery = 500;

export interface UdpRequest {
  readonly octets: Uint8Array;
  /** Whether the message may be sent again if no answer comes. */
  readonly repeatable: boolean;
}

/**
 * Sends one datagram from a port of its own and waits for the answer. Datagrams from other addresses are
 * ignored.
 * @param peer an address, not a name
 * @param accept gets every datagram from the peer. It returns the answer, or `null` if the datagram does not
 *   answer this request. It throws a {@link DnsError} for an answer that cannot be trusted
 * @throws {DnsError}
 */
export async function exchangeUdp<T>(
  { host, port }: Peer,
  request: UdpRequest,
  accept: (octets: Buffer) => T | null,
  signal: AbortSignal,
): Promise<T> {
  if (signal.aborted) throw deadlineOver('no');
  const socket = createSocket(isIP(host) === 6 ? 'udp6' : 'udp4');
  try {
    socket.connect(port, host);
    await once(socket, 'connect').catch((cause: unknown) => {
      throw unreachable(`${host}:${port}`, cause);
    });
    return await answerOn(socket, request, accept, signal);
  } finally {
    socket.close();
  }
}

/**
 * Returns the addresses of a server, in the order in which they are to be tried.
 * @throws {DnsError} with `sent: 'no'`
 */
export async function addressesOf(
  { host, resolve = systemResolve }: Peer,
  signal: AbortSignal,
): Promise<readonly string[]> {
  if (isIP(host) !== 0) return [host];
  const found = resolve(host).catch((cause: unknown) => {
    throw unreachable(host, cause);
  });
  return await untilAborted(found, signal, () => deadlineOver('no'));
}

function unreachable(place: string, cause: unknown): DnsError {
  const text = `${place}: ${cause instanceof Error ? cause.message : ''}`;
  return new DnsError('unreachable', 'no', { text }, cause);
}

/**
 * Sends the request on a connected socket, and repeats it if that is allowed, until `accept` returns an
 * answer.
 */
async function answerOn<T>(
  socket: Socket,
  { octets, repeatable }: UdpRequest,
  accept: (octets: Buffer) => T | null,
  signal: AbortSignal,
): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  const timers = new Set<NodeJS.Timeout>();
  let doubtful: DnsError | null = null;
  const giveUp = (): void => reject(doubtful ?? deadlineOver('maybe'));
  const send = (wait: number): void => {
    socket.send(octets);
    if (repeatable) timers.add(setTimeout(() => send(wait * 2), wait));
  };
  signal.addEventListener('abort', giveUp, { once: true });
  socket.on('error', (cause) => {
    reject(doubtful ?? new DnsError('unreachable', 'maybe', { text: cause.message }, cause));
  });
  socket.on('message', (received) => {
    try {
      const answer = accept(received);
      if (answer !== null) resolve(answer);
    } catch (error) {
      if (!(error instanceof DnsError)) reject(error);
      else if (doubtful === null) timers.add(setTimeout(giveUp, graceAfterForgery));
      if (error instanceof DnsError) doubtful = error;
    }
  });
  send(firstWait);
  return await promise.finally(() => {
    for (const timer of timers) clearTimeout(timer);
    signal.removeEventListener('abort', giveUp);
  });
}
