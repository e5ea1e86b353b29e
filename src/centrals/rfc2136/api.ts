import { CentralError, type CallContext } from '../../core/central.ts';
import type { Clock } from '../../core/clock.ts';
import type { DnsName } from '../../dns/name.ts';
import { queryMessage, type DnsMessage } from '../../dns/wire/message.ts';
import type { WireRecord } from '../../dns/wire/records.ts';
import { updateMessage } from '../../dns/wire/update.ts';
import { DnsClient } from '../../net/dns/client.ts';
import { Slots } from '../slots.ts';
import { deniedForZone, demandKnowledge, exchangeFailure, unsignedRefusal, type Purpose } from './answer.ts';
import type { Rfc2136Settings } from './settings.ts';

/** As many as the client keeps. */
const connections = 4;
/**
 * Longest round trip (ms) at which it is quicker to wait for a connection than to share one. Of two answers
 * on one connection a server may hold the second back until the first is acknowledged (RFC 896). This side
 * may put that off for 40 ms (RFC 1122 section 4.2.3.2).
 */
const near = 10;
/** From so many exchanges on the answers come in such numbers that none is held back for long. */
const many = 64;

/**
 * Signed exchanges with the primary name server; an update's answers are handed on whatever their rcode. All
 * throw {@link CentralError}.
 */
export class NameServer {
  readonly #client: DnsClient;
  readonly #clock: Clock;
  readonly #turns = new Slots(connections);
  /** Exchanges under way or waiting. */
  #asked = 0;
  /** Milliseconds of an exchange that had a connection for itself, of late. */
  #roundTrip = 0;
  #closed = false;

  constructor({ server, transport, trust, key, timeout }: Rfc2136Settings, clock: Clock) {
    this.#clock = clock;
    const wall = (): number => clock.wall();
    this.#client = new DnsClient({ server, transport, trust, key, timeout, wall });
  }

  /**
   * Proves the server and the key, if it answers anything that is signed.
   * @throws {CentralError} `central.login`
   */
  async greet(ctx: CallContext): Promise<void> {
    await this.#exchange('read', async () => {
      await this.#ask(queryMessage('.' as DnsName, 'SOA'), ctx);
    });
  }

  /** @returns the whole of what the server knows; `central.list-cut`: it has more than an answer can hold */
  async query(name: DnsName, type: string, ctx: CallContext): Promise<DnsMessage> {
    return await this.#forZone('read', async () => {
      const { message } = await this.#ask(queryMessage(name, type), ctx);
      demandKnowledge(message, name);
      return message;
    });
  }

  /** @returns what the server says of it, and whether a signature proves that it does */
  async update(
    zone: DnsName,
    prerequisites: readonly WireRecord[],
    updates: readonly WireRecord[],
    ctx: CallContext,
  ): Promise<{ readonly rcode: number; readonly proven: boolean }> {
    // Without updates it only asks whether the prerequisites hold.
    const purpose = updates.length === 0 ? 'read' : 'write';
    const message = updateMessage(zone, prerequisites, updates);
    return await this.#forZone(purpose, async () => {
      const { message: answer, proven } = await this.#ask(message, ctx);
      return { rcode: answer.rcode, proven };
    });
  }

  /** All records of a zone by AXFR, the SOA once. */
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

  /** With a near server and not many exchanges, one at a time on each connection. */
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
      // A mean of the last ones, so that a server that is slow once does not change the way.
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
    if (this.#closed) {
      const params = { text: 'the connection is closed' };
      throw new CentralError('central.unreachable', { state: 'untouched', retry: 'later', params });
    }
    try {
      return await work();
    } catch (error) {
      throw exchangeFailure(error, purpose, this.#clock.wall());
    }
  }
}
