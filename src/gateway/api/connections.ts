import type { Server, Socket } from 'node:net';
import { isIn, type Network } from '../../net/inside.ts';
import { clientAddress, clientNetwork } from './address.ts';

/** Why a connection was closed as soon as it was opened. */
export type ConnectionRefusal = 'all' | 'address';

/** Limits of the connections of a server. */
export interface ConnectionLimits {
  /** Number of connections. */
  readonly most: number;
  /** Number of connections from one address. */
  readonly byAddress: number;
  /** Networks whose addresses may have more: those of proxies, on whose connections many clients come. */
  readonly proxies: readonly Network[];
}

/** Counts the open connections of a server, and closes those that are too many. */
export class Connections {
  readonly #open = new Set<Socket>();
  readonly #byNetwork = new Map<string, number>();
  /** Connections with requests that are not answered yet, and the number of these requests. */
  readonly #busy = new Map<string, number>();
  #ending = false;

  /** @param refused is called for each connection that is closed because of a limit */
  constructor(server: Server, limits: ConnectionLimits, refused: (why: ConnectionRefusal) => void) {
    server.on('connection', (socket: Socket) => {
      const address = clientAddress(socket.remoteAddress);
      const network = clientNetwork(address);
      const count = this.#byNetwork.get(network) ?? 0;
      const isFull = this.#open.size >= limits.most;
      if (isFull || (count >= limits.byAddress && !isIn(address, limits.proxies))) {
        socket.destroy();
        refused(isFull ? 'all' : 'address');
        return;
      }
      this.#open.add(socket);
      this.#byNetwork.set(network, count + 1);
      socket.once('close', () => {
        this.#open.delete(socket);
        const rest = (this.#byNetwork.get(network) ?? 1) - 1;
        if (rest === 0) this.#byNetwork.delete(network);
        else this.#byNetwork.set(network, rest);
      });
    });
  }

  get size(): number {
    return this.#open.size;
  }

  /**
   * Notes that a connection has a request. With TLS, the socket of a request is not the object that the event
   * `connection` gives, so connections are told apart by {@link peer}.
   * @returns to be called once the request is answered
   */
  begin(socket: Socket): () => void {
    const key = peer(socket);
    this.#busy.set(key, (this.#busy.get(key) ?? 0) + 1);
    return () => {
      const rest = (this.#busy.get(key) ?? 1) - 1;
      if (rest > 0) this.#busy.set(key, rest);
      else {
        this.#busy.delete(key);
        if (this.#ending) this.#destroyIdle();
      }
    };
  }

  /** Closes connections without a request now, and the others once they are answered. */
  end(): void {
    this.#ending = true;
    this.#destroyIdle();
  }

  destroyAll(): void {
    for (const socket of this.#open) socket.destroy();
  }

  #destroyIdle(): void {
    for (const socket of this.#open) if (!this.#busy.has(peer(socket))) socket.destroy();
  }
}

/** The client's address and port, which only one open connection has. */
function peer({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}
