/**
 * Measures lists and the audit of a gateway with many zones and a long audit. The zones are written straight
 * into the databases of PowerDNS and of the gateway, because making them one by one would take hours.
 */
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { parseName, type DnsName } from '../src/dns/name.ts';
import { openStorage } from '../src/gateway/serve.ts';
import { loadStorageSettings } from '../src/gateway/settings.ts';
import { nextLink } from '../src/gateway/storage/audit-chain.ts';
import type { Storage } from '../src/gateway/storage/storage.ts';
import { askGateway } from '../src/testing/accounts/ask-gateway.ts';
import { addBenchCustomer, spreadFigures, startGatewaySide, type BenchCustomer } from './gateway-side.ts';
import { round, spread, timed } from './measure.ts';
import { memoryOf } from './proc.ts';
import { print } from './print.ts';

export interface ListsPlan {
  readonly zones: number;
  readonly auditRows: number;
  /** How often each list is asked for. */
  readonly repetitions: number;
}

/** Zones of the customer whose list is asked for. */
const ownZones = 100;
/** Number of zones of each other customer. */
const zonesEach = 500;
/** Number of entries that one page of the audit has. */
const page = 100;

export async function benchGatewayLists(plan: ListsPlan): Promise<Record<string, number>> {
  const { zones, auditRows, repetitions } = plan;
  print(`gateway: lists with ${zones} zones and ${auditRows} entries of the audit`);
  const names = Array.from({ length: zones }, (_, at) => parseName(`z${at}.example.`));
  const own = names.slice(0, ownZones);
  const side = await startGatewaySide({ backend: 'sqlite3' }, async ({ server, storage, state }) => {
    await server.stop();
    fillPowerdns(join(server.folder, 'pdns.sqlite3'), names);
    const customer = await addBenchCustomer(storage, 'own', own);
    for (let at = ownZones, number = 0; at < zones; at += zonesEach, number += 1)
      await addBenchCustomer(storage, `c${number}`, []);
    fillGateway(join(state, 'gateway.db'), names.slice(ownZones), auditRows);
    await server.start();
    return customer;
  });
  const storage = await openStorage(loadStorageSettings(side.gateway.config));
  try {
    const idle = memoryOf(side.gateway.pid);
    const list = await times(repetitions, async () => {
      await ask(side.gateway.url, side.prepared, '/v1/zones');
    });
    const records = await times(repetitions, async (at) => {
      await ask(side.gateway.url, side.prepared, `/v1/zones/${own[at % own.length]}/records`);
    });
    const last = await newestEntry(storage, auditRows);
    const audit = await times(repetitions, async (at) => {
      await storage.audit((at * 7_919) % last, page);
    });
    return {
      ...spreadFigures('zones_list', list),
      ...spreadFigures('zone_records', records),
      ...spreadFigures('audit_page', audit),
      memory_idle_mib: round(idle),
      memory_added_mib: round(memoryOf(side.gateway.pid) - idle),
    };
  } finally {
    await storage.close();
    await side.stop();
  }
}

async function times(count: number, work: (at: number) => Promise<void>): Promise<ReturnType<typeof spread>> {
  const all: number[] = [];
  await work(0);
  for (let at = 0; at < count; at += 1) all.push(await timed(async () => await work(at)));
  return spread(all);
}

async function ask(url: string, { token }: BenchCustomer, path: string): Promise<void> {
  const { status, body } = await askGateway(url, token, 'GET', path);
  if (status !== 200) throw new Error(`${path}: ${status} ${JSON.stringify(body)}`);
}

/** Number of the newest entry of the audit. @param least a number that surely exists */
async function newestEntry(storage: Storage, least: number): Promise<number> {
  const entries = await storage.audit(least - 1, page);
  const newest = entries.at(-1);
  if (newest === undefined) throw new Error('the audit is shorter than it should be');
  return newest.number;
}

/** Writes zones with SOA and NS into the database of a PowerDNS that is stopped. */
function fillPowerdns(path: string, zones: readonly DnsName[]): void {
  const database = new DatabaseSync(path);
  database.exec('BEGIN');
  const zone = database.prepare(
    "INSERT INTO domains (id, name, type, account) VALUES (?, ?, 'NATIVE', 'bench')",
  );
  const record = database.prepare(
    'INSERT INTO records (domain_id, name, type, content, ttl, disabled, auth) VALUES (?, ?, ?, ?, 3600, 0, 1)',
  );
  const soa = 'ns1.example.net hostmaster.example.net 1 10800 3600 604800 3600';
  for (const [at, name] of zones.entries()) {
    const plain = name.slice(0, -1);
    zone.run(at + 1, plain);
    record.run(at + 1, plain, 'SOA', soa);
    record.run(at + 1, plain, 'NS', 'ns1.example.net');
  }
  database.exec('COMMIT');
  database.close();
}

/** Writes owners and entries of the audit into the gateway's database. */
function fillGateway(path: string, zones: readonly DnsName[], auditRows: number): void {
  const database = new DatabaseSync(path);
  database.exec('BEGIN');
  const owner = database.prepare(
    'INSERT INTO zone (name, reversed, customer, created_at, left_at, pending) VALUES (?, ?, ?, 0, NULL, 0)',
  );
  for (const [at, name] of zones.entries()) {
    const reversed = `${name.slice(0, -1).split('.').toReversed().join('.')}.`;
    owner.run(name, reversed, `c${Math.floor(at / zonesEach)}`);
  }
  const entry = database.prepare(
    "INSERT INTO audit (gateway, at, body, client, salt, client_hash, hash) VALUES ('', ?, ?, ?, ?, ?, ?)",
  );
  const last = database.prepare('SELECT hash FROM audit ORDER BY number DESC LIMIT 1').get();
  let before = String(last?.['hash']);
  for (let at = 0; at < auditRows; at += 1) {
    const zone = zones[at % zones.length] ?? '';
    const { body, client, salt, clientHash, hash } = nextLink(before, at, {
      what: 'change.done',
      customer: `c${at % 200}`,
      token: 'bench000',
      from: '192.0.2.7',
      zone,
      detail: {
        key: `bench-${at}`,
        removed: [],
        added: [{ name: zone, type: 'A', ttl: 300, rdata: '192.0.2.1' }],
      },
    });
    before = hash;
    entry.run(at, body, client, salt, clientHash, hash);
  }
  database.exec('COMMIT');
  database.close();
}
