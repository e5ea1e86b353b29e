import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DnsName } from '../../dns/name.ts';
import { presetRights } from '../../gateway/rights/presets.ts';
import { makeToken } from '../../gateway/rights/token.ts';
import { openPostgres, type PostgresSettings } from '../../gateway/storage/postgres.ts';
import { newTokenFacts, usualLimits, type Storage } from '../../gateway/storage/storage.ts';
import { auditFacts } from '../contracts/gateway-storage.ts';
import { startProxy, type HttpProxy } from '../proxies/http.ts';
import { startPostgres, type Postgres } from '../servers/postgres.ts';
import { startPowerdns, type Powerdns } from '../servers/powerdns.ts';
import { answers, freePort, serverFolder, ServerProcess } from '../servers/process.ts';
import { alice } from './powerdns.ts';

const program = join(import.meta.dirname, '../../cli/main.ts');

/** One of the gateways: a process of its own. */
export interface PairedGateway {
  readonly url: string;
  readonly process: ServerProcess;
  /** The proxy between this gateway and PowerDNS. */
  readonly proxy: HttpProxy;
}

/** Two gateways at one PostgreSQL and one PowerDNS, with a customer `shop` and his token. */
export interface GatewayPair {
  readonly gateways: readonly [PairedGateway, PairedGateway];
  readonly server: Powerdns;
  readonly postgres: Postgres;
  readonly database: PostgresSettings;
  /** The database that both gateways share. The test reads and writes it as a third process. */
  readonly storage: Storage;
  readonly token: string;
  stop(): Promise<void>;
}

/**
 * Starts PostgreSQL, PowerDNS and two gateways.
 * @param zones zones that PowerDNS has and that belong to the customer
 * @param seconds how long a request may take at a gateway
 */
export async function startGatewayPair(zones: readonly DnsName[], seconds: number): Promise<GatewayPair> {
  const server = await startPowerdns({ account: alice });
  const postgres = await startPostgres();
  const database = await postgres.database('gateways');
  const storage = await openPostgres(database, { wall: Date.now, gateway: 'test' }, () => undefined);
  await server.addZones(zones.map((zone) => ({ zone, records: 'www 300 IN A 192.0.2.1' })));
  const token = await addShop(storage, zones);
  const start = async (name: string): Promise<PairedGateway> => {
    const proxy = await startProxy(server.url);
    const folder = serverFolder(`gateway-${name}`);
    const port = await freePort();
    const config = join(folder, 'gateway.ini');
    writeFileSync(
      config,
      `[gateway]
listen = 127.0.0.1:${port}
state = ${join(folder, 'state')}
[storage]
kind = postgresql
name = ${name}
host = 127.0.0.1:${database.port}
database = ${database.database}
user = ${database.user}
[backend]
kind = powerdns
host = ${proxy.url}
username = ${alice}
password = ${server.apiKey}
timeout = ${seconds}
`,
      { mode: 0o600 },
    );
    const words = [program, 'gateway', '--config', config, 'serve'];
    const gateway = new ServerProcess(folder, process.execPath, words, async () => await answers(port));
    await gateway.start();
    return { url: `http://127.0.0.1:${port}`, process: gateway, proxy };
  };
  const gateways = [await start('one'), await start('two')] as const;
  return {
    gateways,
    server,
    postgres,
    database,
    storage,
    token,
    stop: async () => {
      await storage.close();
      for (const { process: gateway, proxy } of gateways) {
        await gateway.dispose();
        await proxy.close();
      }
      await postgres.dispose();
      await server.dispose();
    },
  };
}

/** Adds the customer with a token for everything, and gives him the zones. @returns the token's text */
async function addShop(storage: Storage, zones: readonly DnsName[]): Promise<string> {
  const audit = auditFacts('test');
  await storage.addCustomer({ id: 'shop', state: 'active', limits: usualLimits, createdAt: 0 }, audit);
  const { id, text, hash } = makeToken();
  const rights = presetRights('panel', [], []);
  await storage.addToken({ ...newTokenFacts, id, customer: 'shop', hash, rights, createdAt: 0 }, audit);
  for (const zone of zones) {
    const claim = { zone, customer: 'shop', at: 0, quarantine: 0 };
    assert.equal(await storage.claimZone(claim, audit, null), 'claimed');
    await storage.confirmClaim(zone, 'shop', audit, null);
  }
  return text;
}
