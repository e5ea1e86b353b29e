/**
 * The proxy of `delay-proxy.ts`. It has a thread of its own, because a busy one would pass requests on in
 * bursts.
 */
import { once } from 'node:events';
import { createServer, request, Agent } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { text as readAll } from 'node:stream/consumers';
import { parentPort, workerData } from 'node:worker_threads';
import type { ProxyPlan } from './delay-proxy.ts';

const { target, delay, passed } = workerData as ProxyPlan;
const agent = new Agent({ keepAlive: true });
const server = createServer((asked, answer) => {
  Atomics.add(passed, 0, 1);
  const pass = async (): Promise<void> => {
    const body = await readAll(asked);
    await wait(delay);
    const { method, headers } = asked;
    const sent = request(`${target}${asked.url ?? ''}`, { method, headers, agent }, (got) => {
      answer.writeHead(got.statusCode ?? 502, got.headers);
      got.pipe(answer);
    });
    sent.on('error', () => answer.destroy());
    sent.end(body);
  };
  pass().catch(() => answer.destroy());
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');
parentPort?.postMessage((server.address() as AddressInfo).port);
