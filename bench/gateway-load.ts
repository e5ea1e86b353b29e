/**
 * Measures many customers who write at once. A proxy delays each request at PowerDNS. For comparison a bare
 * client, without a gateway, writes through the same proxy. It has as many requests at a time as make it
 * fastest, if it gets no error and the server drops no connection.
 */
import { parseName, type DnsName } from '../src/dns/name.ts';
import { makeRecord } from '../src/dns/record.ts';
import type { Powerdns } from '../src/testing/servers/powerdns.ts';
import { rate } from './at-once.ts';
import { zoneOf } from './central.ts';
import { WritingCustomers, addWritingCustomers } from './customers.ts';
import { openDelayProxy, type DelayProxy } from './delay-proxy.ts';
import { fillServer, spreadFigures, startGatewaySide, zoneAccount } from './gateway-side.ts';
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

/** Records of each zone before the first write. */
export const zoneRecords = 5;
/** The bare client is measured with so many requests at a time, one number after the other. */
const concurrencies = [1, 2, 4, 8, 16, 32, 64, 128] as const;
/** Number of its writes for each that runs at a time. */
const bareWrites = 20;
/** If a write takes longer, milliseconds, the server has dropped its connection (RFC 6298: 1 s). */
const dropped = 900;

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
    return await addWritingCustomers(storage, zones);
  });
  const { gateway, server, prepared } = side;
  const [proxy] = proxies;
  if (proxy === undefined) throw new Error('the gateway has not asked for its proxy');
  try {
    const bare = await bestBare({ ...server, url: proxy.url }, zones, writes);
    const clients = new WritingCustomers(prepared);
    await clients.write([gateway.url], 1);
    const [before, passed, memory] = [processorOf(gateway.pid), proxy.passed(), memoryOf(gateway.pid)];
    const { times, refused, seconds } = await clients.write([gateway.url], writes);
    const after = processorOf(gateway.pid);
    const all = Math.max(1, times.length);
    clients.close();
    return {
      ...spreadFigures('write', spread(times)),
      writes_a_second: round(all / seconds),
      bare_writes_a_second: bare.rate,
      bare_at_once: bare.atOnce,
      to_bare_ratio: ratio(all / seconds, bare.rate),
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
  const raw = rawCalls(server, zoneAccount, 0);
  // The jobs go round all zones. So a zone has no two writes at a time, if there are enough zones.
  const jobs = Array.from({ length: writes }, (_, at) => zones.map((zone) => ({ zone, at }))).flat();
  let best = { rate: 0, atOnce: 0 };
  try {
    for (const atOnce of concurrencies.filter((one) => one <= zones.length)) {
      let refused = 0;
      let stalled = 0;
      const found = await rate(jobs.slice(0, bareWrites * atOnce), atOnce, async ({ zone, at }) => {
        const rdata = `198.18.${at >> 8}.${at & 255}`;
        const record = makeRecord({ name: 'raw', type: 'A', ttl: 300, rdata }, zone);
        const began = performance.now();
        await raw.write(zone, [record]).catch((error: unknown) => {
          if (!(error instanceof Error)) throw error;
          refused += 1;
        });
        if (performance.now() - began > dropped) stalled += 1;
      });
      if (refused + stalled > 0) {
        const why = `${refused} writes refused, ${stalled} connections dropped`;
        print(`bare client, ${atOnce} at once: ${round(found)} writes a second, not safe: ${why}`);
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
