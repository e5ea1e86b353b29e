/**
 * Measures many customers who write at once. A proxy delays each request at PowerDNS. For comparison a bare
 * client, without a gateway, writes through the same proxy. It has as many requests at a time as make it
 * fastest without an error.
 */
import { once } from 'node:events';
import { createServer, request, Agent, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { text as readAll } from 'node:stream/consumers';
import { parseName, type DnsName } from '../src/dns/name.ts';
import { makeRecord } from '../src/dns/record.ts';
import type { Powerdns } from '../src/testing/servers/powerdns.ts';
import { rate } from './at-once.ts';
import { zoneOf } from './central.ts';
import {
  addBenchCustomer,
  fillServer,
  spreadFigures,
  startGatewaySide,
  type BenchCustomer,
} from './gateway-side.ts';
import { ratio, round, spread } from './measure.ts';
import { memoryOf, processorOf } from './proc.ts';
import { print } from './print.ts';
import { rawCalls } from './raw.ts';

export interface GatewayLoadPlan {
  readonly backend: 'sqlite3' | 'lmdb';
  readonly customers: number;
  /** Number of writes of each customer. */
  readonly writes: number;
  /** Delay of each request at PowerDNS, milliseconds. */
  readonly serverDelay: number;
}

const zoneRecords = 5;
/** The bare client is measured with so many requests at a time, one number after the other. */
const concurrencies = [1, 2, 4, 8, 16, 32, 64, 128] as const;

export async function benchGatewayLoad(plan: GatewayLoadPlan): Promise<Record<string, number>> {
  const { backend, customers, writes, serverDelay: delay } = plan;
  print(`gateway: ${customers} customers at once, ${delay} ms before PowerDNS (${backend})`);
  const zones = Array.from({ length: customers }, (_, at) => parseName(`c${at}.example.`));
  const proxies: DelayProxy[] = [];
  const reach = async (server: Powerdns): Promise<string> => {
    const proxy = await openDelayProxy(server.url, delay);
    proxies.push(proxy);
    return proxy.url;
  };
  const side = await startGatewaySide({ backend, reach }, async ({ raw, storage }) => {
    await fillServer(
      raw,
      zones.map((zone) => zoneOf(zone, zoneRecords)),
    );
    const made: (BenchCustomer & { readonly zone: DnsName })[] = [];
    for (const [at, zone] of zones.entries())
      made.push({ ...(await addBenchCustomer(storage, `c${at}`, [zone])), zone });
    return made;
  });
  const { gateway, server, prepared } = side;
  const [proxy] = proxies;
  if (proxy === undefined) throw new Error('the gateway has not asked for its proxy');
  try {
    const bare = await bestBare({ ...server, url: proxy.url }, zones, writes);
    const agent = new Agent({ keepAlive: true, maxSockets: customers });
    const times: number[] = [];
    let refused = 0;
    const write = async (customer: BenchCustomer, zone: DnsName, at: number): Promise<void> => {
      const began = performance.now();
      const said = await throughGateway({ url: gateway.url, agent }, customer, zone, at);
      if (said === null) times.push(performance.now() - began);
      else {
        refused += 1;
        print(`${zone} was refused: ${said}`);
      }
    };
    await Promise.all(prepared.map(async ({ zone, ...customer }) => await write(customer, zone, 0)));
    times.length = 0;
    refused = 0;
    const [before, passed, memory] = [processorOf(gateway.pid), proxy.passed(), memoryOf(gateway.pid)];
    const began = performance.now();
    await Promise.all(
      prepared.map(async ({ zone, ...customer }) => {
        for (let at = 1; at <= writes; at += 1) await write(customer, zone, at);
      }),
    );
    const took = (performance.now() - began) / 1_000;
    const after = processorOf(gateway.pid);
    const all = Math.max(1, times.length);
    agent.destroy();
    return {
      ...spreadFigures('write', spread(times)),
      writes_a_second: round(all / took),
      bare_writes_a_second: bare.rate,
      bare_at_once: bare.atOnce,
      to_bare_ratio: ratio(all / took, bare.rate),
      processor_ms_each: ratio(after.user + after.system - before.user - before.system, all),
      server_requests_each: ratio(proxy.passed() - passed, all),
      refused,
      memory_added_mib: round(memoryOf(gateway.pid) - memory),
    };
  } finally {
    await side.stop();
    await proxy.close();
  }
}

/** The highest rate of a bare client, with the number of requests at a time that reached it. */
async function bestBare(
  server: Powerdns,
  zones: readonly DnsName[],
  writes: number,
): Promise<{ readonly rate: number; readonly atOnce: number }> {
  const raw = rawCalls(server, 'bench');
  // The jobs go round all zones. So a zone has no two writes at a time, if there are enough zones.
  const jobs = Array.from({ length: writes }, (_, at) => zones.map((zone) => ({ zone, at }))).flat();
  let best = { rate: 0, atOnce: 0 };
  try {
    for (const atOnce of concurrencies.filter((one) => one <= zones.length)) {
      let refused = 0;
      const found = await rate(jobs, atOnce, async ({ zone, at }) => {
        const rdata = `198.18.${at >> 8}.${at & 255}`;
        const record = makeRecord({ name: 'raw', type: 'A', ttl: 300, rdata }, zone);
        await raw.write(zone, [record]).catch((error: unknown) => {
          if (!(error instanceof Error)) throw error;
          refused += 1;
        });
      });
      if (refused > 0) {
        print(`bare client, ${atOnce} at once: not safe, ${refused} writes were refused`);
        break;
      }
      print(`bare client, ${atOnce} at once: ${round(found)} writes a second`);
      if (found > best.rate) best = { rate: round(found), atOnce };
    }
    return best;
  } finally {
    raw.close();
  }
}

/** Sends one change to the gateway. @returns null: it was done; else the answer */
async function throughGateway(
  { url, agent }: { readonly url: string; readonly agent: Agent },
  { id, token }: BenchCustomer,
  zone: DnsName,
  at: number,
): Promise<string | null> {
  const record = (number: number): object => ({
    name: `load.${zone}`,
    type: 'A',
    ttl: 300,
    data: `198.19.${number >> 8}.${number & 255}`,
  });
  const body = JSON.stringify({
    key: `bench-${id}-${at}`,
    remove: at === 0 ? [] : [record(at - 1)],
    add: [record(at)],
  });
  const headers = { Authorization: `Bearer ${token}`, 'Content-Length': Buffer.byteLength(body) };
  const sent = request(`${url}/v1/zones/${zone}/changes`, { method: 'POST', agent, headers });
  sent.end(body);
  const [answer] = (await once(sent, 'response')) as [IncomingMessage];
  const said = await readAll(answer);
  return answer.statusCode === 200 ? null : `${answer.statusCode} ${said}`;
}

interface DelayProxy {
  readonly url: string;
  /** Number of requests so far. */
  passed(): number;
  close(): Promise<void>;
}

/** A proxy in front of PowerDNS. It holds back each request for a while, any number of them at once. */
async function openDelayProxy(target: string, delay: number): Promise<DelayProxy> {
  const agent = new Agent({ keepAlive: true });
  let passed = 0;
  const server = createServer((asked, answer) => {
    passed += 1;
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
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    passed: () => passed,
    close: async () => {
      agent.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
