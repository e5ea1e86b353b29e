/** Customers who write through gateways, all at once. */
import { once } from 'node:events';
import { request, Agent, type IncomingMessage } from 'node:http';
import { text as readAll } from 'node:stream/consumers';
import type { DnsName } from '../src/dns/name.ts';
import type { Storage } from '../src/gateway/storage/storage.ts';
import { addBenchCustomer, type BenchCustomer } from './gateway-side.ts';
import { print } from './print.ts';

/** A customer with one zone. */
export interface WritingCustomer extends BenchCustomer {
  readonly zone: DnsName;
}

/** Adds a customer for each zone. PowerDNS has to have the zones. */
export async function addWritingCustomers(
  storage: Storage,
  zones: readonly DnsName[],
): Promise<readonly WritingCustomer[]> {
  const made: WritingCustomer[] = [];
  for (const [at, zone] of zones.entries())
    made.push({ ...(await addBenchCustomer(storage, `c${at}`, [zone])), zone });
  return made;
}

/** How some writes went. */
export interface Written {
  /** Milliseconds of each write that was done. */
  readonly times: readonly number[];
  readonly refused: number;
  /** How long it took until all were answered, seconds. */
  readonly seconds: number;
}

/** So many refusals are printed in full. */
const shownRefusals = 5;

/** Sends the writes of customers. Each write replaces the record of the one before it. */
export class WritingCustomers {
  readonly #customers: readonly WritingCustomer[];
  readonly #agent: Agent;
  /** Number of writes of each customer so far, and the last one of them that was done. */
  #sent = 0;
  readonly #last = new Map<DnsName, number>();
  #refused = 0;

  constructor(customers: readonly WritingCustomer[]) {
    this.#customers = customers;
    this.#agent = new Agent({ keepAlive: true, maxSockets: customers.length });
  }

  /**
   * Lets every customer write so often, one write after the other.
   * @param urls of gateways; customers use them by turns
   */
  async write(urls: readonly string[], writes: number): Promise<Written> {
    const first = this.#sent;
    this.#sent += writes;
    this.#refused = 0;
    const times: number[] = [];
    const began = performance.now();
    await Promise.all(
      this.#customers.map(async (customer, number) => {
        const url = urls[number % urls.length] ?? '';
        for (let at = first; at < first + writes; at += 1) {
          const sent = performance.now();
          const refusal = await this.#send(url, customer, at).catch((error: unknown) => String(error));
          if (refusal === null) times.push(performance.now() - sent);
          else this.#note(`${customer.zone}: ${refusal}`);
        }
      }),
    );
    return { times, refused: this.#refused, seconds: (performance.now() - began) / 1_000 };
  }

  close(): void {
    this.#agent.destroy();
  }

  /** @returns null: the write was done; else the answer */
  async #send(url: string, { id, token, zone }: WritingCustomer, at: number): Promise<string | null> {
    const record = (number: number): object => ({
      name: `load.${zone}`,
      type: 'A',
      ttl: 300,
      data: `198.19.${number >> 8}.${number & 255}`,
    });
    const last = this.#last.get(zone);
    const body = JSON.stringify({
      key: `bench-${id}-${at}`,
      remove: last === undefined ? [] : [record(last)],
      add: [record(at)],
    });
    const headers = { Authorization: `Bearer ${token}`, 'Content-Length': Buffer.byteLength(body) };
    const sent = request(`${url}/v1/zones/${zone}/changes`, { method: 'POST', agent: this.#agent, headers });
    sent.end(body);
    const [answer] = (await once(sent, 'response')) as [IncomingMessage];
    const said = await readAll(answer);
    if (answer.statusCode !== 200) return `${answer.statusCode} ${said}`;
    this.#last.set(zone, at);
    return null;
  }

  #note(refusal: string): void {
    this.#refused += 1;
    if (this.#refused <= shownRefusals) print(`refused: ${refusal}`);
  }
}
