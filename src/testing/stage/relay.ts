import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/**
 * A proxy in front of a server on 127.0.0.1 that can hold back answers. So a test can act after a write is
 * done and before the agent learns of it.
 */
export class Relay {
  readonly #target: number;
  readonly #isWrite: (request: Buffer) => boolean;
  readonly #sockets = new Set<Socket>();
  #server: Server | null = null;
  #withholding = false;
  /** Called with octets that arrive together from a client, before they go to the server. */
  onRequest: (octets: Buffer) => void = () => undefined;
  #port = 0;

  /**
   * @param target the server's TCP port
   * @param isWrite whether the octets that arrive together from a client ask for a change
   */
  constructor(target: number, isWrite: (request: Buffer) => boolean) {
    this.#target = target;
    this.#isWrite = isWrite;
  }

  get port(): number {
    return this.#port;
  }

  /** Starts to listen: the first time on a free port, later on the same port. */
  async open(): Promise<void> {
    const server = createServer({ noDelay: true }, (client) => this.#join(client));
    this.#server = server;
    server.listen(this.#port, '127.0.0.1');
    await once(server, 'listening');
    this.#port = (server.address() as AddressInfo).port;
  }

  /** Ends every connection and accepts no new one. */
  async close(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    this.cut();
    if (server === null) return;
    server.close();
    await once(server, 'close');
  }

  /** From now on, a connection that carries a write passes on no more answers. */
  withhold(): void {
    this.#withholding = true;
  }

  answerAgain(): void {
    this.#withholding = false;
  }

  /** Ends every connection at once. Answers on their way are lost. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  #join(client: Socket): void {
    const server = connect({ port: this.#target, host: '127.0.0.1', noDelay: true });
    let silent = false;
    client.on('data', (request: Buffer) => {
      this.onRequest(request);
      if (this.#withholding && this.#isWrite(request)) silent = true;
      server.write(request);
    });
    server.on('data', (answer: Buffer) => {
      if (!silent) client.write(answer);
    });
    // If the server ends the connection, the client does not see this either. Otherwise the client would know
    // that the write is done.
    const ended = (): void => {
      if (!silent) client.end();
    };
    server.on('end', ended).on('close', ended).on('error', ended);
    client.on('end', () => server.end()).on('close', () => server.destroy());
    client.on('error', () => server.destroy());
    for (const socket of [client, server]) {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    }
  }
}

/** Whether the octets are a dynamic update over TCP with at least one change (RFC 2136 section 2.2). */
export function isDnsUpdate(request: Buffer): boolean {
  if (request.length < 14) return false;
  const opcode = (request.readUInt8(4) >> 3) & 15;
  return opcode === 5 && request.readUInt16BE(10) > 0;
}

/** Whether the octets are a PATCH request of HTTP/1.1. */
export function isHttpPatch(request: Buffer): boolean {
  return request.toString('latin1', 0, 6) === 'PATCH ';
}
