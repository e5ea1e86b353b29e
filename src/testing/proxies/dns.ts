/** A proxy between a client and a real name server over TCP. It can delay, replace or cut messages. */
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/**
 * Whether a client's message is an update that changes something (`write`), or any other message (`read`).
 */
type Kind = 'write' | 'read';

export interface DnsProxy {
  readonly port: number;
  /** Called with every client message before it goes to the server. The message waits for the promise. */
  beforeRequest: ((kind: Kind, message: Buffer) => Promise<void> | void) | null;
  /** Called with every answer before it goes to the client. The answer waits for the promise. */
  beforeAnswer: ((kind: Kind) => Promise<void> | void) | null;
  /**
   * May return an answer to a message, which then does not reach the server; null: the message is passed on.
   */
  instead: ((kind: Kind, message: Buffer) => Buffer | null) | null;
  /**
   * How many octets of an answer to a read arrive before the connection is cut. Negative: this many are
   * missing at its end. Null: all arrive.
   */
  keep: number | null;
  /** Closes all connections and refuses new ones, as if the server had died. */
  shut(): void;
  reopen(): Promise<void>;
  close(): void;
}

/** Starts the proxy. @param serverPort the server's TCP port on 127.0.0.1 */
export async function startDnsProxy(serverPort: number): Promise<DnsProxy> {
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect({ port: serverPort, host: '127.0.0.1', noDelay: true });
    const kinds = new Map<number, Kind>();
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('error', () => socket.destroy());
      socket.on('close', () => {
        sockets.delete(socket);
        client.destroy();
        upstream.destroy();
      });
    }
    onMessages(client, async (message) => {
      const kind = kindOf(message);
      kinds.set(message.readUInt16BE(0), kind);
      await proxy.beforeRequest?.(kind, message);
      const forged = proxy.instead?.(kind, message) ?? null;
      if (forged !== null) client.write(framed(forged));
      else upstream.write(framed(message));
    });
    onMessages(upstream, async (message) => {
      const kind = kinds.get(message.readUInt16BE(0)) ?? 'read';
      await proxy.beforeAnswer?.(kind);
      if (proxy.keep === null || kind === 'write') client.write(framed(message));
      else client.end(framed(message).subarray(0, cutAt(message.length + 2, proxy.keep)));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const proxy: DnsProxy = {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    beforeRequest: null,
    beforeAnswer: null,
    instead: null,
    keep: null,
    shut: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
    reopen: async () => {
      if (server.listening) return;
      server.listen(proxy.port, '127.0.0.1');
      await once(server, 'listening');
    },
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
  return proxy;
}

function cutAt(length: number, keep: number): number {
  return Math.min(length - 1, Math.max(0, keep < 0 ? length + keep : keep));
}

/** A write is an update that changes at least one record (RFC 2136 section 2). */
function kindOf(message: Buffer): Kind {
  const opcode = (message.readUInt8(2) >> 3) & 15;
  return opcode === 5 && message.readUInt16BE(8) > 0 ? 'write' : 'read';
}

function framed(message: Buffer): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(message.length);
  return Buffer.concat([length, message]);
}

function onMessages(socket: Socket, take: (message: Buffer) => Promise<void>): void {
  let buffered = Buffer.alloc(0);
  let turn = Promise.resolve();
  socket.on('data', (part) => {
    buffered = Buffer.concat([buffered, part]);
    while (buffered.length >= 2 && buffered.length >= 2 + buffered.readUInt16BE(0)) {
      const end = 2 + buffered.readUInt16BE(0);
      const message = buffered.subarray(2, end);
      buffered = buffered.subarray(end);
      turn = turn.then(() => take(message));
    }
  });
}
