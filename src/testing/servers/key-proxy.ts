import { once } from 'node:events';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Powerdns } from './powerdns.ts';

/** An HTTP server in front of PowerDNS that has keys of its own, as a provider may have. */
export interface KeyProxy {
  /** URL, `http://127.0.0.1:PORT`, without a path. */
  readonly url: string;
  /** The key that is accepted from now on. */
  key: string;
  /** The keys of all requests that were refused. */
  readonly refused: readonly string[];
  close(): Promise<void>;
}

/** Starts a proxy. It answers a wrong key as PowerDNS does. */
export async function startKeyProxy(server: Powerdns, key: string): Promise<KeyProxy> {
  const refused: string[] = [];
  const proxy = createServer((asked, answer) => {
    const given = String(asked.headers['x-api-key']);
    if (given !== made.key) {
      refused.push(given);
      asked.resume();
      answer.writeHead(401, {
        'Content-Type': 'text/plain',
        'WWW-Authenticate': 'X-API-Key realm="PowerDNS"',
      });
      answer.end('Unauthorized');
      return;
    }
    const headers = { ...asked.headers, 'x-api-key': server.apiKey };
    const passed = request(`${server.url}${asked.url ?? ''}`, { method: asked.method, headers }, (got) => {
      answer.writeHead(got.statusCode ?? 502, got.headers);
      got.pipe(answer);
    });
    passed.on('error', () => answer.destroy());
    asked.pipe(passed);
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  const { port } = proxy.address() as AddressInfo;
  const made = {
    url: `http://127.0.0.1:${port}`,
    key,
    refused,
    close: async () => {
      proxy.closeAllConnections();
      await new Promise((closed) => proxy.close(closed));
    },
  };
  return made;
}
