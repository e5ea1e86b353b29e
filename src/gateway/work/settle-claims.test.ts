/** What becomes of creates whose outcome nobody knows, while the gateway runs. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, beforeEach, describe, test } from 'node:test';
import type { Central } from '../../core/central.ts';
import { systemClock } from '../../app/wiring/clock.ts';
import { zoneName, type DnsName } from '../../dns/name.ts';
import { askGateway } from '../../testing/accounts/ask-gateway.ts';
import { startGatewayBench, type GatewayBench } from '../../testing/accounts/gateway.ts';
import { alice, powerdnsCentral } from '../../testing/accounts/powerdns.ts';
import { patience } from '../../testing/patience.ts';
import { missingPrograms } from '../../testing/servers/process.ts';
import { openStorage } from '../serve.ts';
import type { Storage } from '../storage/storage.ts';
import { Backends } from './backends.ts';
import { ClaimSettler } from './settle-claims.ts';
import { leaseTime, ZoneTurns } from './zone-turns.ts';

/** How long a request of the settler may take, milliseconds. */
const timeout = patience;

describe('claims without a known outcome', { skip: missingPrograms('pdns_server') }, () => {
  let bench: GatewayBench;
  let central: Central;
  let storage: Storage;
  let token: string;
  let turns: ZoneTurns;
  let settler: ClaimSettler;
  /** Monotonic time of the settler, milliseconds. */
  let time = 0;
  before(async () => {
    bench = await startGatewayBench();
    token = await bench.token('shop');
    storage = await openStorage(bench.settings);
    central = powerdnsCentral(bench.server);
  });
  beforeEach(() => {
    const log = (): void => undefined;
    const clock = { ...systemClock, now: () => time };
    turns = new ZoneTurns({ storage, log, timeout, clock });
    const backends = new Backends(new Map([['', central]]), storage);
    settler = new ClaimSettler({ storage, backends, turns, log, timeout, clock, wall: Date.now });
  });
  after(async () => {
    await central.close();
    await storage.close();
    await bench.stop();
  });

  /** Makes a zone as PowerDNS leaves it that is killed within a create: without any record. */
  const makeHalf = (zone: DnsName): void => {
    const database = new DatabaseSync(join(bench.server.folder, 'pdns.sqlite3'), { timeout: patience });
    const sql = "INSERT INTO domains (name, type, account) VALUES (?, 'NATIVE', ?)";
    database.prepare(sql).run(zone.slice(0, -1), alice);
    database.close();
  };
  const create = async (zone: DnsName): Promise<unknown[]> => {
    const body = { zone, check: false, nameServers: ['ns1.example.net'], records: [] };
    const said = await askGateway(bench.url(), token, 'POST', '/v1/zones', body);
    return [said.status, said.body['result'] ?? said.body['state']];
  };
  const isAtServer = async (zone: DnsName): Promise<boolean> =>
    (await bench.server.call('GET', `/zones/${zone}`)).status === 200;

  test('a name that the name server lacks becomes free once no late create can arrive any more', async () => {
    const zone = zoneName('lost.example');
    await bench.claim(zone, 'shop');
    await settler.settle(false);
    assert.equal((await storage.zone(zone))?.isPending, true);
    time += leaseTime(timeout) - 1;
    await settler.settle(false);
    assert.equal((await storage.zone(zone))?.isPending, true);
    time += 1;
    await settler.settle(false);
    assert.equal(await storage.zone(zone), null);
  });

  test('a name that the provider has made since the claim became free is not the customer’s', async () => {
    const zone = zoneName('providers.example');
    await bench.claim(zone, 'shop');
    await settler.settle(false);
    time += leaseTime(timeout);
    await settler.settle(false);
    await bench.server.addZones([{ zone }]);
    assert.equal((await create(zone))[0], 409);
  });

  test('a create that was done after all is the customer’s', async () => {
    const zone = zoneName('late.example');
    await bench.claim(zone, 'shop');
    await settler.settle(false);
    await bench.server.addZones([{ zone }]);
    await settler.settle(false);
    assert.equal((await storage.zone(zone))?.isPending, false);
    assert.deepEqual(await create(zone), [200, 'exists']);
  });

  test('a create that is under way is left alone', async () => {
    const zone = zoneName('busy.example');
    await bench.claim(zone, 'shop');
    const { promise: open, resolve: release } = Promise.withResolvers<void>();
    const creating = turns.take(zone, AbortSignal.timeout(patience), async (lease) => {
      await open;
      await bench.server.addZones([{ zone }]);
      await storage.confirmClaim(
        zone,
        'shop',
        { what: 'x', customer: 'shop', token: '', from: '', zone, detail: {} },
        lease,
      );
    });
    const settled = settler.settle(true);
    release();
    await Promise.all([creating, settled]);
    assert.equal((await storage.zone(zone))?.isPending, false);
  });

  test('a zone that was made only in part: a create waits, then the zone is made anew', async () => {
    const zone = zoneName('half.example');
    await bench.claim(zone, 'shop');
    makeHalf(zone);
    assert.deepEqual(await create(zone), [503, 'untouched']);
    assert.equal(await isAtServer(zone), true);
    await settler.settle(true);
    assert.equal(await isAtServer(zone), true, 'PowerDNS may still be making it');
    time += leaseTime(timeout);
    await settler.settle(false);
    assert.equal(await isAtServer(zone), false);
    assert.deepEqual(await create(zone), [201, 'created']);
    assert.match((await bench.server.call('GET', `/zones/${zone}`)).text, /"type": ?"SOA"/u);
  });

  test('a zone without SOA that a customer has already is left alone', async () => {
    const zone = zoneName('old-half.example');
    makeHalf(zone);
    await bench.assign(zone, 'shop');
    time += leaseTime(timeout);
    await settler.settle(false);
    assert.equal(await isAtServer(zone), true);
    assert.deepEqual(await create(zone), [200, 'exists']);
  });
});
