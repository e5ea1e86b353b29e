import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import * as net from 'node:net';
import { addressOf, connectVerified, type Peer, type Trust } from '../connect.ts';
import { HttpError } from '../http-error.ts';
import { DnsError } from './dns-error.ts';

/** Length in octets of the shortest message, which is only a header (RFC 1035 section 4.1.1). */
const headerOctets = 12;

/** Gets every message with the id of the exchange, or the error after which no more messages come. */
type Receiver = (result: Buffer | DnsError) => void;

/**
 * Opens a TCP connection, or a TLS connection to a server that has proved its identity.
 * @param trust which certificates to trust; `null`: plain TCP
 * @param timeout milliseconds
 * @param ended called once, when the connection has ended
 * @throws {DnsError} `unreachable` or `certificate`, with `sent: 'no'`
 */
export async function openStream(
  peer: Peer,
  trust: Trust | null,
  timeout: number,
  signal: AbortSignal,
  ended: (stream: DnsStream) => void,
): Promise<DnsStream> {
  const socket = await (trust === null
    ? connectPlain(peer, timeout, signal)
    : connectTls(peer, trust, timeout, signal));
  return new DnsStream(socket, ended);
}

async function connectPlain(peer: Peer, timeout: number, signal: AbortSignal): Promise<net.Socket> {
  const { host, port } = peer;
  const late = AbortSignal.timeout(timeout);
  const socket = net.connect({ ...addressOf(peer), noDelay: true });
  try {
    await once(socket, 'connect', { signal: AbortSignal.any([signal, late]) });
    return socket;
  } catch (cause) {
    socket.destroy();
    const reason = cause instanceof Error ? cause.message : '';
    const text = signal.aborted ? 'given up' : late.aborted ? 'no connection in time' : reason;
    throw new DnsError('unreachable', 'no', { text: `${host}:${port}: ${text}` }, cause);
  }
}

async function connectTls(
  peer: Peer,
  trust: Trust,
  timeout: number,
  signal: AbortSignal,
): Promise<net.Socket> {
  return await new Promise((resolve, reject) => {
    const aborted = (): void => {
      socket.destroy();
    };
    const done = (result: net.Socket | HttpError): void => {
      signal.removeEventListener('abort', aborted);
      if (!(result instanceof HttpError)) {
        result.setNoDelay(true);
        resolve(result);
        return;
      }
      const kind = result.kind === 'certificate' ? 'certificate' : 'unreachable';
      reject(new DnsError(kind, 'no', result.params, result));
    };
    // `dot` means DNS over TLS in the IANA registry of ALPN protocols.
    const socket = connectVerified(peer, trust, timeout, done, 'dot');
    signal.addEventListener('abort', aborted, { once: true });
  });
}

/**
 * One connection that carries several exchanges at once (RFC 7766 section 6.2.1.1). A 16-bit length precedes
 * each message. Answers come in any order and are matched by their ids. The connection keeps the process
 * alive only while an exchange waits for its answer.
 */
export class DnsStream {
  readonly #socket: net.Socket;
  readonly #waiting = new Map<number, Receiver>();
  /** Ids of exchanges that were given up. Their answers may still come. */
  readonly #abandoned = new Set<number>();
  readonly #ended: (stream: DnsStream) => void;
  /**
   * Received octets that belong to no delivered message yet. They are joined once the first message is
   * complete.
   */
  #parts: Buffer[] = [];
  #size = 0;
  /**
   * Number of received octets that the next step needs: two for the length, or the length and the whole
   * message.
   */
  #needed = 2;
  #heard = performance.now();
  #open = true;
  #retired = false;

  constructor(socket: net.Socket, ended: (stream: DnsStream) => void) {
    this.#socket = socket;
    this.#ended = ended;
    socket.unref();
    socket.on('data', (part) => {
      this.#take(part);
    });
    socket.on('error', (cause) => {
      this.#end(cause.message, cause);
    });
    for (const event of ['end', 'close']) {
      socket.on(event, () => {
        this.#end('the server closed the connection');
      });
    }
  }

  /** Whether the connection accepts another exchange. */
  get usable(): boolean {
    return this.#open && !this.#retired && this.#socket.writable;
  }

  /** Milliseconds since the server last sent something. */
  silentFor(): number {
    return performance.now() - this.#heard;
  }

  /** A random id that no exchange on this connection uses. */
  freeId(): number {
    for (;;) {
      const id = randomInt(65_536);
      if (!this.#waiting.has(id) && !this.#abandoned.has(id)) return id;
    }
  }

  /**
   * Sends a message. Afterwards `receiver` gets every message with this id, until {@link forget} is called.
   */
  send(id: number, octets: Uint8Array, receiver: Receiver): void {
    if (!this.usable) {
      receiver(new DnsError('unreachable', 'no', { text: 'the connection is closed' }));
      return;
    }
    this.#waiting.set(id, receiver);
    this.#socket.ref();
    const length = Buffer.alloc(2);
    length.writeUInt16BE(octets.length);
    // Length and message are sent in one write (RFC 7766 section 8).
    this.#socket.write(Buffer.concat([length, octets]));
  }

  /**
   * Runs `send`, which calls {@link send} several times. The messages leave in as few packets as possible.
   */
  together(send: () => void): void {
    this.#socket.cork();
    send();
    this.#socket.uncork();
  }

  /**
   * Ends an exchange.
   * @param answered `false`: an answer may still come, so this connection does not use the id again
   */
  forget(id: number, answered: boolean): void {
    if (!this.#waiting.delete(id)) return;
    if (!answered) this.#abandoned.add(id);
    if (this.#waiting.size > 0) return;
    this.#socket.unref();
    if (this.#retired) this.close();
  }

  /**
   * From now on accepts no further exchange. Closes the connection when the last running exchange is over.
   */
  retire(): void {
    this.#retired = true;
    if (this.#waiting.size === 0) this.close();
  }

  /** Closes the connection at once; exchanges that still run fail. */
  close(): void {
    this.#end('the connection was closed here');
  }

  #take(part: Buffer): void {
    this.#heard = performance.now();
    this.#parts.push(part);
    this.#size += part.length;
    while (this.#open && this.#size >= this.#needed) {
      const [first = part, ...others] = this.#parts;
      const joined = others.length === 0 ? first : Buffer.concat(this.#parts);
      const end = 2 + joined.readUInt16BE(0);
      const isWhole = joined.length >= end;
      this.#parts = [isWhole ? joined.subarray(end) : joined];
      this.#size -= isWhole ? end : 0;
      this.#needed = isWhole ? 2 : end;
      if (end < 2 + headerOctets) {
        this.#fail(new DnsError('garbled', 'maybe', { text: 'the answer is no DNS message' }));
        return;
      }
      if (isWhole) this.#deliver(joined.subarray(2, end));
    }
  }

  #deliver(message: Buffer): void {
    const id = message.readUInt16BE(0);
    this.#abandoned.delete(id);
    this.#waiting.get(id)?.(message);
  }

  #end(text: string, cause?: Error): void {
    this.#fail(new DnsError('unreachable', 'maybe', { text }, cause));
  }

  #fail(error: DnsError): void {
    if (!this.#open) return;
    this.#open = false;
    this.#socket.destroy();
    const receivers = [...this.#waiting.values()];
    this.#waiting.clear();
    this.#ended(this);
    for (const receiver of receivers) receiver(error);
  }
}
