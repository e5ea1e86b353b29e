import type { Server } from 'node:net';

/**
 * Begins to listen. @returns the port
 * @throws {Error} of the system, if the address cannot be used
 */
export async function listenAt(server: Server, host: string, port: number): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : port;
}
