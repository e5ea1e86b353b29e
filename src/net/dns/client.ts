import { randomInt } from 'node:crypto';
import type { DnsName } from '../../dns/name.ts';
import { rcodes } from '../../dns/wire/codes.ts';
import { queryMessage, type DnsMessage } from '../../dns/wire/message.ts';
import type { WireRecord } from '../../dns/wire/records.ts';
import type { TsigKey } from '../../dns/wire/tsig.ts';
import type { Peer, Trust } from '../connect.ts';
import { withDeadline } from '../deadline.ts';
import { deadlineOver, DnsError } from './dns-error.ts';
import { answers, checkSignature, decodeAnswer, endSignatures, prepare, type Outgoing } from './signing.ts';
import { askEachAddress, sendToOneAddress } from './each-address.ts';
import { StreamPool } from './pool.ts';
import { openStream, type DnsStream } from './stream.ts';
import { TransferRecords } from './transfer.ts';
import { addressesOf, exchangeUdp, type UdpRequest } from './udp.ts';

export interface DnsClientSettings {
  readonly server: Peer;
  readonly transport: 'tcp' | 'udp' | 'tls';
  /** Which certificates to trust; used with the transport `tls` only. */
  readonly trust: Trust;
  /** The key that signs every request; every answer must then be signed too. Null: nothing is signed. */
  readonly key: TsigKey | null;
  /**
   * Maximum duration of one exchange, including the connection, in milliseconds. In a zone transfer, it is
   * the maximum time to wait for each message.
   */
  readonly timeout: number;
  /** The wall clock for signatures, milliseconds since 1970; by default the clock of this host. */
  readonly wall?: () => number;
}

/**
 * Maximum number of times that a query is sent, if kept connections turn out to be closed. The number is
 * larger than the number of kept connections.
 */
const mostAttempts = 6;
/**
 * Maximum size of a datagram, sent or received, in octets. Datagrams of this size are not fragmented on any
 * path (DNS flag day 2020).
 */
const mostUdpOctets = 1_232;
/** Maximum size of a transferred zone, in octets; 100,000 records have about 5 MB. */
const mostTransferOctets = 64 * 1024 * 1024;

/**
 * A client of one DNS server. If the server's name has several addresses, all of them are tried. Over TCP and
 * TLS it keeps a few connections. With many exchanges at the same time, one connection carries several of
 * them. Over UDP each exchange has its own port, and messages that are too large are sent over TCP.
 */
export class DnsClient {
  readonly #settings: DnsClientSettings;
  readonly #closing = new AbortController();
  readonly #streams = new Set<DnsStream>();
  /** The address that gave the last answer over UDP; null: none yet. */
  #answering: string | null = null;
  readonly #pool = new StreamPool(async () => await this.#open(this.#closing.signal));

  constructor(settings: DnsClientSettings) {
    this.#settings = settings;
  }

  /**
   * Sends a message and returns its answer, whatever the rcode of the answer. The message gets a new id. A
   * query may be sent more than once; an update never is.
   * @throws {DnsError} whose `sent` says whether the server may have received the message
   * @throws {DnsDataError} if the message cannot be encoded
   */
  async exchange(message: DnsMessage, signal: AbortSignal): Promise<DnsMessage> {
    const { timeout, transport } = this.#settings;
    return await withDeadline(timeout, [signal, this.#closing.signal], async (deadline) => {
      if (deadline.aborted) throw deadlineOver('no');
      const answer = transport === 'udp' ? await this.#overUdp(message, deadline) : null;
      return answer ?? (await this.#overStream(message, deadline));
    });
  }

  /**
   * Reads all records of a zone (AXFR, RFC 5936) over a connection of its own. The SOA comes first in the
   * result, and only once.
   * @throws {DnsError} if the zone is incomplete, or if we have a key and the transfer is not signed as
   *   required
   */
  async transfer(zone: DnsName, signal: AbortSignal): Promise<readonly WireRecord[]> {
    const deadline = AbortSignal.any([signal, this.#closing.signal]);
    if (deadline.aborted) throw deadlineOver('no');
    const stream = await this.#open(deadline);
    try {
      const request = this.#prepare(queryMessage(zone, 'AXFR'), stream.freeId());
      return await this.#receiveZone(stream, request, new TransferRecords(zone), deadline);
    } finally {
      stream.close();
    }
  }

  /** Closes every connection; exchanges that still run fail. */
  close(): void {
    this.#closing.abort();
    for (const stream of this.#streams) stream.close();
  }

  #now(): number {
    return Math.floor((this.#settings.wall?.() ?? Date.now()) / 1000);
  }

  #prepare(message: DnsMessage, id: number): Outgoing {
    return prepare({ ...message, id }, this.#settings.key, this.#now());
  }

  /** Sends a message over UDP. Returns `null` if the message or its answer is too large and needs TCP. */
  async #overUdp(message: DnsMessage, signal: AbortSignal): Promise<DnsMessage | null> {
    const repeatable = isRepeatable(message);
    const sized = repeatable ? { ...message, udpSize: mostUdpOctets } : message;
    const request = this.#prepare(sized, randomInt(65_536));
    if (request.octets.length > mostUdpOctets) return null;
    const answer = await this.#toAddresses({ octets: request.octets, repeatable }, request, signal);
    return answer.flags.tc && repeatable ? null : answer;
  }

  /**
   * Tries the addresses of the server, starting with the one that gave the last answer. So a message that
   * must not be sent twice goes to an address that works.
   */
  async #toAddresses(datagram: UdpRequest, request: Outgoing, signal: AbortSignal): Promise<DnsMessage> {
    const { server } = this.#settings;
    const all = await addressesOf(server, signal);
    const addresses = all.toSorted((a, b) => Number(b === this.#answering) - Number(a === this.#answering));
    const ask = async (host: string, until: AbortSignal): Promise<DnsMessage> =>
      await exchangeUdp(
        { host, port: server.port },
        datagram,
        (octets) => this.#acceptDatagram(octets, request),
        until,
      );
    const { address, answer } = datagram.repeatable
      ? await askEachAddress(addresses, { ask, isGood: isVerdict }, signal)
      : await sendToOneAddress(addresses, async (host) => await ask(host, signal));
    this.#answering = address;
    return answer;
  }

  #acceptDatagram(octets: Buffer, request: Outgoing): DnsMessage | null {
    try {
      return this.#accept(octets, request);
    } catch (error) {
      // Anybody can send a datagram that does not fit, so the real answer may still come.
      if (error instanceof DnsError && error.kind === 'garbled') return null;
      throw error;
    }
  }

  #accept(octets: Buffer, request: Outgoing): DnsMessage {
    const answer = decodeAnswer(octets);
    if (!answers(answer, request))
      throw new DnsError('garbled', 'maybe', { text: 'the answer is to another question' });
    checkSignature(octets, answer, request, this.#now());
    endSignatures(answer, request);
    return answer;
  }

  async #overStream(message: DnsMessage, signal: AbortSignal): Promise<DnsMessage> {
    for (let attempt = 1; ; attempt += 1) {
      const { stream, kept, giveBack } = await this.#pool.lend(!isRepeatable(message), signal);
      try {
        return await this.#ask(stream, message, signal);
      } catch (error) {
        const stale = kept && error instanceof DnsError && error.kind === 'unreachable';
        const again = isRepeatable(message) || (error instanceof DnsError && error.sent === 'no');
        if (!stale || !again || attempt >= mostAttempts || signal.aborted) throw error;
      } finally {
        giveBack();
      }
    }
  }

  async #ask(stream: DnsStream, message: DnsMessage, signal: AbortSignal): Promise<DnsMessage> {
    if (signal.aborted) throw deadlineOver('no');
    const request = this.#prepare(message, stream.freeId());
    return await converse(stream, request, signal, (octets) => this.#accept(octets, request));
  }

  async #receiveZone(
    stream: DnsStream,
    request: Outgoing,
    records: TransferRecords,
    signal: AbortSignal,
  ): Promise<readonly WireRecord[]> {
    let size = 0;
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(), this.#settings.timeout);
    try {
      return await converse(stream, request, AbortSignal.any([signal, late.signal]), (octets) => {
        timer.refresh();
        size += octets.length;
        if (size > mostTransferOctets)
          throw new DnsError('garbled', 'maybe', { text: `more than ${mostTransferOctets} octets` });
        this.#addMessage(octets, request, records);
        return records.complete ? records.records : null;
      });
    } finally {
      clearTimeout(timer);
    }
  }

  #addMessage(octets: Buffer, request: Outgoing, records: TransferRecords): void {
    const answer = decodeAnswer(octets);
    // Only the first message has to repeat the question (RFC 5936 section 2.2.2).
    const unasked = records.records.length > 0 && answer.questions.length === 0;
    const { questions } = request.message;
    if (!answers(unasked ? { ...answer, questions } : answer, request))
      throw new DnsError('garbled', 'maybe', { text: 'the answer is to another question' });
    checkSignature(octets, answer, request, this.#now());
    records.add(answer);
    if (records.complete) endSignatures(answer, request);
  }

  async #open(signal: AbortSignal): Promise<DnsStream> {
    const { server, trust, transport, timeout } = this.#settings;
    const stream = await openStream(server, transport === 'tls' ? trust : null, timeout, signal, (ended) =>
      this.#streams.delete(ended),
    );
    if (this.#closing.signal.aborted) {
      stream.close();
      throw new DnsError('unreachable', 'no', { text: 'the client is closed' });
    }
    this.#streams.add(stream);
    return stream;
  }
}

/**
 * Sends a request and waits for its answer. `take` gets each message of the answer. It returns null as long
 * as it needs more messages, and then the result.
 * @throws {DnsError} also any error that `take` throws
 */
async function converse<T>(
  stream: DnsStream,
  { message, octets }: Outgoing,
  signal: AbortSignal,
  take: (octets: Buffer) => T | null,
): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  const giveUp = (): void => {
    stream.forget(message.id, false);
    // A server that does not answer in time may be gone. The next exchange must not wait on the same
    // connection.
    stream.retire();
    reject(deadlineOver('maybe'));
  };
  signal.addEventListener('abort', giveUp, { once: true });
  stream.send(message.id, octets, (result) => {
    try {
      if (result instanceof DnsError) throw result;
      const found = take(result);
      if (found !== null) resolve(found);
    } catch (error) {
      reject(error);
    }
  });
  return await promise.finally(() => {
    signal.removeEventListener('abort', giveUp);
    stream.forget(message.id, true);
  });
}

/**
 * Whether an answer says something about the data. If not, the server may give a better answer at another of
 * its addresses.
 */
function isVerdict({ rcode }: DnsMessage): boolean {
  return rcode === rcodes.NOERROR || rcode === rcodes.NXDOMAIN;
}

function isRepeatable({ opcode }: DnsMessage): boolean {
  return opcode === 'query' || opcode === 'notify';
}
