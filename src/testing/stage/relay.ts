import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/**
 * A line to a server on 127.0.0.1 that can keep the server's answers back. It is the only way to stop the
 * clock between "done there" and "known here".
 */
export class Relay {
  readonly #target: number;
  readonly #isWrite: (request: Buffer) => boolean;
  readonly #sockets = new Set<Socket>();
  #server: Server | null = null;
  #withholding = false;
  #port = 0;

  /** @param isWrite whether the octets that a client sends at once ask for something to be changed */
  constructor(target: number, isWrite: (request: Buffer) => boolean) {
    this.#target = target;
    this.#isWrite = isWrite;
  }

  get port(): number {
    return this.#port;
  }

  /** Listens, after `close` where it did before. */
  async open(): Promise<void> {
    const server = createServer({ noDelay: true }, (client) => this.#join(client));
    this.#server = server;
    server.listen(this.#port, '127.0.0.1');
    await once(server, 'listening');
    this.#port = (server.address() as AddressInfo).port;
  }

  /** Ends every connection and takes no new one. */
  async close(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    this.cut();
    if (server === null) return;
    server.close();
    await once(server, 'close');
  }

  /** From the next write on, what the server says on that connection is kept back for good. */
  withhold(): void {
    this.#withholding = true;
  }

  answerAgain(): void {
    this.#withholding = false;
  }

  /** Ends every connection as it is: answers on their way are lost. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  #join(client: Socket): void {
    const server = connect({ port: this.#target, host: '127.0.0.1', noDelay: true });
    let silent = false;
    client.on('data', (request: Buffer) => {
      if (this.#withholding && this.#isWrite(request)) silent = true;
      server.write(request);
    });
    server.on('data', (answer: Buffer) => {
      if (!silent) client.write(answer);
    });
    // A server may end the connection with its answer: that would be an answer as well.
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

/** A dynamic update over TCP with something to change (RFC 2136 section 2.2). */
export function isDnsUpdate(request: Buffer): boolean {
  if (request.length < 14) return false;
  const opcode = (request.readUInt8(4) >> 3) & 15;
  return opcode === 5 && request.readUInt16BE(10) > 0;
}

/** A PATCH over HTTP/1.1. */
export function isHttpPatch(request: Buffer): boolean {
  return request.toString('latin1', 0, 6) === 'PATCH ';
}
