/** A long line between a client and a server on this machine: everything arrives later. */
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';

export interface DelayedLine {
  readonly port: number;
  close(): Promise<void>;
}

/**
 * Opens a line to a port of 127.0.0.1.
 * @param delay how much later octets arrive, each way, milliseconds. A new connection takes a round trip
 *   more, as the handshake of TCP does
 */
export async function openDelayedLine(target: number, delay: number): Promise<DelayedLine> {
  const sockets = new Set<Socket>();
  const server: Server = createServer({ noDelay: true }, (client) => {
    const far = connect({ port: target, host: '127.0.0.1', noDelay: true });
    const opened = performance.now() + 2 * delay;
    for (const socket of [client, far]) {
      sockets.add(socket);
      socket.on('close', () => {
        sockets.delete(socket);
      });
    }
    pass(client, far, delay, opened);
    pass(far, client, delay, opened);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    port,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Passes on in one direction what arrives, in its order. @param opened when the line is open */
function pass(from: Socket, to: Socket, delay: number, opened: number): void {
  let last = Promise.resolve();
  const later = (deliver: () => void): void => {
    const due = Math.max(performance.now(), opened) + delay;
    last = last.then(async () => {
      await wait(Math.max(0, due - performance.now()));
      if (!to.destroyed) deliver();
    });
  };
  from.on('data', (octets) => {
    later(() => to.write(octets));
  });
  from.on('end', () => {
    later(() => to.end());
  });
  from.on('error', () => to.destroy());
}
