import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import type { DnsName } from '../dns/name.ts';
import { decodeMessage, encodeMessage, queryMessage } from '../dns/wire/message.ts';

/** If there is no answer for this long (ms), the query is sent again. */
const patience = 1_000;

/**
 * Clients that query one name server again and again for the address of one name. Each client sends another
 * EDNS size, because packet caches keep one answer for each size.
 */
export class Askers {
  readonly #sockets: readonly Socket[];
  readonly #timers = new Set<NodeJS.Timeout>();
  /**
   * The different answers to queries that were sent since {@link listen}. The key is the answer's octets
   * without the id.
   */
  readonly #heard = new Map<string, Buffer>();
  /** When each client sent the last query that was answered (`performance.now()`, ms). */
  readonly #sentAt: number[] = [];
  #since = 0;
  #open = true;

  private constructor(sockets: readonly Socket[]) {
    this.#sockets = sockets;
  }

  static async ask(port: number, name: DnsName, clients: number): Promise<Askers> {
    const sockets = Array.from({ length: clients }, () => createSocket('udp4'));
    for (const socket of sockets) {
      socket.connect(port, '127.0.0.1');
      await once(socket, 'connect');
    }
    const askers = new Askers(sockets);
    for (const [client, socket] of sockets.entries()) askers.#begin(client, socket, name);
    return askers;
  }

  /** Forgets all answers so far. Answers to queries that were sent before this call do not count. */
  listen(): void {
    this.#since = performance.now();
    this.#heard.clear();
  }

  /** The different answers since {@link listen} that have none of `addresses`, each with its addresses. */
  others(...addresses: readonly string[]): readonly string[] {
    return [...this.#heard.values()].map(addressesIn).filter((one) => !addresses.includes(one));
  }

  /** Resolves when every client has got this many answers to queries that it sent after this call. */
  async rounds(count: number): Promise<void> {
    const started = performance.now();
    await Promise.all(
      this.#sockets.map(async (socket, client) => {
        for (let left = count; left > 0;) {
          await once(socket, 'heard');
          if ((this.#sentAt[client] ?? 0) >= started) left -= 1;
        }
      }),
    );
  }

  close(): void {
    this.#open = false;
    for (const timer of this.#timers) clearInterval(timer);
    for (const socket of this.#sockets) socket.close();
  }

  #begin(client: number, socket: Socket, name: DnsName): void {
    const query = encodeMessage({ ...queryMessage(name, 'A'), udpSize: 512 + client, id: 0 });
    let id = 0;
    let sentAt = 0;
    const send = (): void => {
      id = (id + 1) % 65_536;
      query.writeUInt16BE(id, 0);
      sentAt = performance.now();
      again.refresh();
      socket.send(query);
    };
    const again = setInterval(() => socket.send(query), patience);
    this.#timers.add(again);
    socket.on('message', (octets) => {
      if (octets.readUInt16BE(0) !== id) return;
      this.#take(sentAt, octets);
      this.#sentAt[client] = sentAt;
      socket.emit('heard');
      if (this.#open) setImmediate(() => this.#open && send());
    });
    send();
  }

  #take(sentAt: number, octets: Buffer): void {
    if (sentAt < this.#since) return;
    const key = octets.toString('latin1', 2);
    if (!this.#heard.has(key)) this.#heard.set(key, octets);
  }
}

/** The addresses in an answer, sorted, with a space between them. */
function addressesIn(octets: Buffer): string {
  return decodeMessage(octets)
    .answers.flatMap(({ type, rdata }) => (type === 'A' && rdata !== null ? [rdata] : []))
    .toSorted()
    .join(' ');
}
