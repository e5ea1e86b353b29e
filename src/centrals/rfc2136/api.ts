import type { CallContext } from '../../core/central.ts';
import type { Clock } from '../../core/clock.ts';
import type { DnsName } from '../../dns/name.ts';
import { rcodes } from '../../dns/wire/codes.ts';
import { queryMessage, type DnsMessage } from '../../dns/wire/message.ts';
import type { WireRecord } from '../../dns/wire/records.ts';
import type { TsigKey } from '../../dns/wire/tsig.ts';
import { updateMessage } from '../../dns/wire/update.ts';
import { DnsClient } from '../../net/dns/client.ts';
import { outage, restated } from '../errors.ts';
import { Secrets, type SecretChanged } from '../secrets.ts';
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
 * If more exchanges than this run at once, they share connections although the server is near. There is then
 * so much traffic that no answer waits long for an acknowledgement.
 */
const many = 64;

/** One or more exchanges with a client. */
type Work<T> = (client: DnsClient) => Promise<T>;

/** Sends signed messages to the primary name server. All methods throw {@link CentralError}. */
export class NameServer {
  /** One client for each secret of the key. */
  readonly #clients: Secrets<DnsClient>;
  readonly #clock: Clock;
  readonly #turns = new Slots(connections);
  /** Number of exchanges that run or wait for a connection. */
  #asked = 0;
  /** Recent average time of an exchange that did not share its connection, in milliseconds. */
  #roundTrip = 0;
  #closed = false;

  constructor(
    { server, transport, trust, key, nextKey, timeout }: Rfc2136Settings,
    clock: Clock,
    changed?: SecretChanged,
  ) {
    this.#clock = clock;
    const wall = (): number => clock.wall();
    const clientOf = (own: TsigKey): DnsClient =>
      new DnsClient({ server, transport, trust, key: own, timeout, wall });
    this.#clients = new Secrets(clientOf(key), nextKey === null ? null : clientOf(nextKey), changed);
  }

  /**
   * Proves that the server can be reached and accepts the key. Any signed answer is enough.
   * @throws {CentralError} `central.login`
   */
  async greet(ctx: CallContext): Promise<void> {
    await this.#exchange('read', ctx, async (client) => {
      await this.#ask(client, queryMessage('.' as DnsName, 'SOA'), ctx);
    });
  }

  /**
   * Queries one RRset, or with the type ANY all RRsets of a name.
   * @returns an answer that is complete and proves something
   * @throws {CentralError} `central.list-cut` if an answer cannot hold all records
   */
  async query(name: DnsName, type: string, ctx: CallContext): Promise<DnsMessage> {
    return await this.#forZone('read', ctx, async (client) => {
      const { message } = await this.#ask(client, queryMessage(name, type), ctx);
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
    return await this.#forZone(purpose, ctx, async (client) => {
      const { message: answer, proven } = await this.#ask(client, message, ctx);
      return { rcode: answer.rcode, proven };
    });
  }

  /**
   * Asks whether all prerequisites hold (RFC 2136 section 2.4). Changes nothing.
   * @throws {CentralError} if the server does not answer the question
   */
  async holds(zone: DnsName, prerequisites: readonly WireRecord[], ctx: CallContext): Promise<boolean> {
    const { rcode } = await this.update(zone, prerequisites, [], ctx);
    if (rcode === rcodes.NOERROR || prerequisiteFailed(rcode)) return rcode === rcodes.NOERROR;
    throw restated(updateRefusal(rcode, zone), 'untouched');
  }

  /**
   * Reads all records of a zone by AXFR. AXFR ends with the SOA again, but the result contains it only once.
   */
  async transfer(zone: DnsName, ctx: CallContext): Promise<readonly WireRecord[]> {
    return await this.#forZone('read', ctx, async (client) => await client.transfer(zone, ctx.signal));
  }

  close(): void {
    this.#closed = true;
    for (const client of this.#clients.all) client.close();
  }

  async #ask(
    client: DnsClient,
    message: DnsMessage,
    { signal }: CallContext,
  ): Promise<{ message: DnsMessage; proven: boolean }> {
    try {
      return {
        message: await this.#quickly(async () => await client.exchange(message, signal), signal),
        proven: true,
      };
    } catch (error) {
      const rcode = unsignedRefusal(error);
      if (rcode === null) throw error;
      return { message: { ...message, answers: [], authority: [], rcode }, proven: false };
    }
  }

  /**
   * Makes an exchange. If the server is near and few exchanges run, each has a connection of its own.
   * Otherwise they share connections.
   */
  async #quickly(exchange: () => Promise<DnsMessage>, signal: AbortSignal): Promise<DnsMessage> {
    const isOne = this.#asked < connections;
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

  /**
   * Like {@link #exchange}, for one zone. A server may accept the key for other zones, but not for this one.
   */
  async #forZone<T>(purpose: Purpose, ctx: CallContext, work: Work<T>): Promise<T> {
    return await this.#exchange(purpose, ctx, work, deniedForZone);
  }

  /** @param meaning turns an error of this exchange into the error to throw */
  async #exchange<T>(
    purpose: Purpose,
    { signal }: CallContext,
    work: Work<T>,
    meaning = (error: unknown): unknown => error,
  ): Promise<T> {
    return await this.#clients.use(signal, async (client) => {
      if (this.#closed) throw outage('central.unreachable', { text: 'the connection is closed' });
      try {
        return await work(client);
      } catch (error) {
        throw meaning(exchangeFailure(error, purpose, this.#clock.wall()));
      }
    });
  }
}
