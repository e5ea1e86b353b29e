import type { CallContext } from '../../core/central.ts';
import type { Clock } from '../../core/clock.ts';
import type { DnsName } from '../../dns/name.ts';
import { rcodes } from '../../dns/wire/codes.ts';
import { queryMessage, type DnsMessage } from '../../dns/wire/message.ts';
import type { WireRecord } from '../../dns/wire/records.ts';
import { updateMessage } from '../../dns/wire/update.ts';
import { DnsClient } from '../../net/dns/client.ts';
import { outage, restated } from '../errors.ts';
import { Slots } from '../slots.ts';
import {
  deniedForZone,
  demandKnowledge,
  exchangeFailure,
  prerequisiteFailed,
  unsignedRefusal,
  updateRefusal,
  type Purpose,
} from './answer.ts';
import type { Rfc2136Settings } from './settings.ts';

/** Maximum number of connections to the server. The DNS client has the same limit. */
const connections = 4;
/**
 * Longest round trip, in milliseconds, at which an exchange waits for a free connection instead of sharing
 * one. On a shared connection, a server may hold back its second answer until the first is acknowledged (RFC
 * 896). This host may delay the acknowledgement by 40 ms (RFC 1122 section 4.2.3.2).
 */
const near = 10;
/**
 * If so many exchanges run at once, they share connections. Answers then come so often that none is held back
 * for long.
 */
const many = 64;

/** Sends signed messages to the primary name server. All methods throw {@link CentralError}. */
export class NameServer {
  readonly #client: DnsClient;
  readonly #clock: Clock;
  readonly #turns = new Slots(connections);
  /** Number of exchanges that run or wait for a connection. */
  #asked = 0;
  /** Recent average time of an exchange that did not share its connection, in milliseconds. */
  #roundTrip = 0;
  #closed = false;

  constructor({ server, transport, trust, key, timeout }: Rfc2136Settings, clock: Clock) {
    this.#clock = clock;
    const wall = (): number => clock.wall();
    this.#client = new DnsClient({ server, transport, trust, key, timeout, wall });
  }

  /**
   * Proves that the server can be reached and accepts the key. Any signed answer is enough.
   * @throws {CentralError} `central.login`
   */
  async greet(ctx: CallContext): Promise<void> {
    await this.#exchange('read', async () => {
      await this.#ask(queryMessage('.' as DnsName, 'SOA'), ctx);
    });
  }

  /**
   * Queries one RRset, or with the type ANY all RRsets of a name.
   * @returns an answer that is complete and proves something
   * @throws {CentralError} `central.list-cut` if an answer cannot hold all records
   */
  async query(name: DnsName, type: string, ctx: CallContext): Promise<DnsMessage> {
    return await this.#forZone('read', async () => {
      const { message } = await this.#ask(queryMessage(name, type), ctx);
      demandKnowledge(message, name);
      return message;
    });
  }

  /**
   * Sends an update. Does not throw for any rcode.
   * @returns the server's rcode, and whether a signature proves that the server sent it
   */
  async update(
    zone: DnsName,
    prerequisites: readonly WireRecord[],
    updates: readonly WireRecord[],
    ctx: CallContext,
  ): Promise<{ readonly rcode: number; readonly proven: boolean }> {
    // A message with prerequisites but no updates only asks whether they are met.
    const purpose = updates.length === 0 ? 'read' : 'write';
    const message = updateMessage(zone, prerequisites, updates);
    return await this.#forZone(purpose, async () => {
      const { message: answer, proven } = await this.#ask(message, ctx);
      return { rcode: answer.rcode, proven };
    });
  }

  /**
   * Asks whether all prerequisites hold (RFC 2136 section 2.4). Changes nothing.
   * @throws {CentralError} if the server refuses to say
   */
  async holds(zone: DnsName, prerequisites: readonly WireRecord[], ctx: CallContext): Promise<boolean> {
    const { rcode } = await this.update(zone, prerequisites, [], ctx);
    if (rcode === rcodes.NOERROR || prerequisiteFailed(rcode)) return rcode === rcodes.NOERROR;
    throw restated(updateRefusal(rcode, zone), 'untouched');
  }

  /** Reads all records of a zone by AXFR, the SOA once. */
  async transfer(zone: DnsName, ctx: CallContext): Promise<readonly WireRecord[]> {
    return await this.#forZone('read', async () => await this.#client.transfer(zone, ctx.signal));
  }

  close(): void {
    this.#closed = true;
    this.#client.close();
  }

  async #ask(message: DnsMessage, ctx: CallContext): Promise<{ message: DnsMessage; proven: boolean }> {
    try {
      return { message: await this.#quickly(message, ctx.signal), proven: true };
    } catch (error) {
      const rcode = unsignedRefusal(error);
      if (rcode === null) throw error;
      return { message: { ...message, answers: [], authority: [], rcode }, proven: false };
    }
  }

  /**
   * Sends a message. If the server is near and few exchanges run, they do not share a connection; otherwise
   * they do.
   */
  async #quickly(message: DnsMessage, signal: AbortSignal): Promise<DnsMessage> {
    const isOne = this.#asked < connections;
    const exchange = async (): Promise<DnsMessage> => await this.#client.exchange(message, signal);
    const started = performance.now();
    this.#asked += 1;
    try {
      if (this.#roundTrip > near || this.#asked > many) return await exchange();
      return await this.#turns.take('', signal, exchange);
    } finally {
      this.#asked -= 1;
      // A moving average is stored, so that one slow answer does not change how messages are sent.
      if (isOne) this.#roundTrip += (performance.now() - started - this.#roundTrip) / 16;
    }
  }

  async #forZone<T>(purpose: Purpose, work: () => Promise<T>): Promise<T> {
    try {
      return await this.#exchange(purpose, work);
    } catch (error) {
      throw deniedForZone(error);
    }
  }

  async #exchange<T>(purpose: Purpose, work: () => Promise<T>): Promise<T> {
    if (this.#closed) throw outage('central.unreachable', { text: 'the connection is closed' });
    try {
      return await work();
    } catch (error) {
      throw exchangeFailure(error, purpose, this.#clock.wall());
    }
  }
}
