/** A client that queries a name server over one UDP socket until the server gives the expected answer. */
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import type { DnsName } from '../src/dns/name.ts';
import { decodeMessage, encodeMessage, queryMessage } from '../src/dns/wire/message.ts';

/** If there is no answer for this long (ms), the watcher sends the query again. */
const patience = 1_000;

export class Watcher {
  readonly #socket: Socket;
  #id = 0;

  private constructor(socket: Socket) {
    this.#socket = socket;
  }

  static async at(port: number): Promise<Watcher> {
    const socket = createSocket('udp4');
    socket.connect(port, '127.0.0.1');
    await once(socket, 'connect');
    return new Watcher(socket);
  }

  /**
   * Queries the address of a name until the server answers with `address`. Each query follows the last answer
   * at once.
   * @returns the time at which this answer came (`performance.now()`)
   * @throws {Error} after a minute
   */
  async sees(name: DnsName, address: string): Promise<number> {
    const started = performance.now();
    for (;;) {
      const addresses = await this.addressesOf(name);
      const now = performance.now();
      if (addresses.includes(address)) return now;
      if (now - started > 60_000)
        throw new Error(`${name} is ${addresses.join(', ')} and not ${address} after a minute`);
    }
  }

  close(): void {
    this.#socket.close();
  }

  /** Queries the server for the addresses of a name. */
  async addressesOf(name: DnsName): Promise<readonly string[]> {
    this.#id = (this.#id + 1) % 65_536;
    const id = this.#id;
    const octets = encodeMessage({ ...queryMessage(name, 'A'), id });
    const answer = await new Promise<Buffer>((resolve) => {
      const again = setInterval(() => this.#socket.send(octets), patience);
      const take = (message: Buffer): void => {
        if (message.readUInt16BE(0) !== id) return;
        clearInterval(again);
        this.#socket.off('message', take);
        resolve(message);
      };
      this.#socket.on('message', take);
      this.#socket.send(octets);
    });
    return decodeMessage(answer).answers.flatMap(({ type, rdata }) =>
      type === 'A' && rdata !== null ? [rdata] : [],
    );
  }
}
