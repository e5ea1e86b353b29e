/**
 * Measures two gateways at one PostgreSQL beside one of them: many customers write at once, and each request
 * at PowerDNS is delayed. The two ways are measured by turns.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseName } from '../src/dns/name.ts';
import { openPostgres } from '../src/gateway/storage/postgres.ts';
import {
  GatewayProcess,
  powerdnsBackend,
  writeGatewaySettings,
} from '../src/testing/servers/gateway-process.ts';
import { startPostgres } from '../src/testing/servers/postgres.ts';
import { startPowerdns } from '../src/testing/servers/powerdns.ts';
import { zoneOf } from './central.ts';
import { WritingCustomers, addWritingCustomers } from './customers.ts';
import { openDelayProxy } from './delay-proxy.ts';
import { zoneRecords, type GatewayLoadPlan } from './gateway-load.ts';
import { fillServer, spreadFigures, zoneAccount } from './gateway-side.ts';
import { ratio, round, spread } from './measure.ts';
import { processorOf } from './proc.ts';
import { print } from './print.ts';
import { rawCalls } from './raw.ts';

/** How often each of the two ways is measured. */
const turns = 2;

export async function benchTwoGateways(plan: GatewayLoadPlan): Promise<Record<string, number>> {
  const { backend, customers, writes, serverDelay } = plan;
  print(`gateway: two at PostgreSQL beside one, ${customers} customers, ${serverDelay} ms before PowerDNS`);
  const zones = Array.from({ length: customers }, (_, at) => parseName(`c${at}.example.`));
  const server = await startPowerdns({ backend, account: zoneAccount });
  const proxy = await openDelayProxy(server.url, serverDelay);
  const raw = rawCalls(server, zoneAccount);
  const postgres = await startPostgres();
  const database = await postgres.database('gateways');
  const gateways = ['one', 'two'].map((name) => {
    const folder = join(server.folder, name);
    mkdirSync(folder);
    const options = { ...powerdnsBackend(server), username: zoneAccount, host: proxy.url };
    const storage = {
      kind: 'postgresql',
      name,
      host: `127.0.0.1:${database.port}`,
      database: database.database,
      user: database.user,
    };
    return new GatewayProcess(writeGatewaySettings(folder, options, '127.0.0.1:0', storage));
  });
  try {
    const storage = await openPostgres(database, { wall: Date.now, gateway: 'bench' }, () => undefined);
    await fillServer(
      raw,
      zones.map((zone) => zoneOf(zone, zoneRecords)),
    );
    const clients = new WritingCustomers(await addWritingCustomers(storage, zones));
    await storage.close();
    for (const gateway of gateways) await gateway.start();
    const urls = gateways.map(({ url }) => url);
    const figures = await measureByTurns(clients, urls, writes, () =>
      gateways.reduce((sum, { pid }) => sum + processorOf(pid).user + processorOf(pid).system, 0),
    );
    clients.close();
    return figures;
  } finally {
    raw.close();
    for (const gateway of gateways) await gateway.stop();
    await proxy.close();
    await postgres.dispose();
    await server.dispose();
  }
}

/** @param processor processor time of all gateways so far, milliseconds */
async function measureByTurns(
  clients: WritingCustomers,
  urls: readonly string[],
  writes: number,
  processor: () => number,
): Promise<Record<string, number>> {
  // Both learn how many writes PowerDNS takes at once.
  await clients.write(urls, 1);
  const ways = [urls.slice(0, 1), urls].map((used) => ({ used, times: [] as number[], seconds: 0 }));
  let refused = 0;
  const before = processor();
  for (let turn = 0; turn < turns; turn += 1)
    for (const way of ways) {
      const done = await clients.write(way.used, writes);
      way.times.push(...done.times);
      way.seconds += done.seconds;
      refused += done.refused;
      print(`${way.used.length} gateways: ${round(done.times.length / done.seconds)} writes a second`);
    }
  const [one = 0, two = 0] = ways.map(({ times, seconds }) => times.length / seconds);
  const all = ways.flatMap(({ times }) => times).length;
  return {
    one_writes_a_second: round(one),
    two_writes_a_second: round(two),
    to_one_ratio: ratio(two, one),
    ...spreadFigures('one_write', spread(ways[0]?.times ?? [])),
    ...spreadFigures('two_write', spread(ways[1]?.times ?? [])),
    processor_ms_each: ratio(processor() - before, Math.max(1, all)),
    refused,
  };
}
