/** Requests whose turn comes late, while other requests or the name server have gone on. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, afterEach, before, describe, mock, test } from 'node:test';
import type { Central } from '../../core/central.ts';
import { CentralError } from '../../core/central.ts';
import { zoneName, type DnsName } from '../../dns/name.ts';
import { startShopBench, type ShopBench } from '../../testing/accounts/shop-bench.ts';
import { powerdnsCentral } from '../../testing/accounts/powerdns.ts';
import { auditFacts } from '../../testing/contracts/gateway-storage.ts';
import { patience } from '../../testing/patience.ts';
import { realClock } from '../../testing/real-clock.ts';
import { missingPrograms } from '../../testing/servers/process.ts';
import { ApiRefusal } from '../api-refusal.ts';
import { readToken } from '../rights/token.ts';
import { openStorage } from '../serve.ts';
import type { Storage } from '../storage/storage.ts';
import { Backends } from './backends.ts';
import type { Caller } from './caller.ts';
import { endKey } from './end-key.ts';
import { Gateway } from './gateway.ts';
import { ClaimSettler } from './settle-claims.ts';
import { leaseTime } from './zone-turns.ts';

const seed = { addresses: [], nameServers: ['ns1.example.net.'], mailServers: [] };
const guard = { doubt: async () => await Promise.resolve(null), mayLackKeys: () => false };

describe('requests whose turn comes late', { skip: missingPrograms('pdns_server') }, () => {
  let shop: ShopBench;
  let central: Central;
  let storage: Storage;
  let gateway: Gateway;
  /** Another gateway with the same storage. */
  let second: Gateway;
  let settler: ClaimSettler;
  let caller: Caller;
  /** Added to the wall clock, milliseconds. */
  let asleep = 0;
  /** Added to the monotonic clock, milliseconds. */
  let passed = 0;
  before(async () => {
    shop = await startShopBench();
    storage = await openStorage(shop.bench.settings);
    central = powerdnsCentral(shop.bench.server);
    const backends = new Backends(new Map([['', central]]), storage);
    const clock = { ...realClock, now: () => realClock.now() + passed };
    const wall = (): number => Date.now() + asleep;
    const parts = { storage, backends, log: () => undefined, wall, clock, timeout: patience, guard };
    const own = { ...parts, quarantine: 60_000, names: shop.bench.settings.names };
    [gateway, second] = [new Gateway(own), new Gateway(own)];
    settler = new ClaimSettler({ ...parts, turns: gateway.turns });
    const token = await storage.token(readToken(shop.token)?.id ?? '');
    const customer = await storage.customer('shop');
    assert.ok(token !== null && customer !== null);
    caller = { token, customer, from: '127.0.0.1' };
  });
  afterEach(() => {
    mock.restoreAll();
    asleep = 0;
  });
  after(async () => {
    await central.close();
    await storage.close();
    await shop.bench.stop();
  });

  const create = async (zone: DnsName, key: string | null = null): Promise<'created' | 'exists'> =>
    await gateway.createZone(caller, { zone, seed, content: [] }, key);
  const isAtServer = async (zone: DnsName): Promise<boolean> =>
    (await shop.bench.server.call('GET', `/zones/${zone}`)).status === 200;
  const withdrawn = async (zone: DnsName, key: string): Promise<unknown> =>
    await endKey({ storage, wall: Date.now, guard }, caller, zone, key, null);
  /** Does the work once right before the next turn of a zone begins. */
  const beforeTurn = (work: () => Promise<unknown>): void => {
    const take = storage.takeZone.bind(storage);
    mock.method(storage, 'takeZone', async (...asked: Parameters<Storage['takeZone']>) => {
      mock.restoreAll();
      await work();
      return await take(...asked);
    });
  };
  /** Does the work once right before the name server gets the next create. */
  const beforeCreate = (work: () => Promise<unknown>): void => {
    const send = central.createZone.bind(central);
    mock.method(central, 'createZone', async (...asked: Parameters<Central['createZone']>) => {
      mock.restoreAll();
      await work();
      return await send(...asked);
    });
  };

  test('a repeated delete that waits does not delete what was made after the first', async () => {
    const zone = zoneName('twice.example');
    const key = randomUUID();
    await create(zone);
    beforeTurn(async () => {
      assert.equal(await second.deleteZone(caller, zone, key), 'deleted');
      await second.createZone(caller, { zone, seed, content: [] });
    });
    assert.equal(await gateway.deleteZone(caller, zone, key), 'deleted');
    assert.equal(await isAtServer(zone), true);
  });

  test('a delete whose key is withdrawn while it waits is not carried out', async () => {
    const zone = zoneName('withdrawn.example');
    const key = randomUUID();
    await create(zone);
    beforeTurn(async () => await second.withdraw(caller, zone, key));
    await assert.rejects(gateway.deleteZone(caller, zone, key), ApiRefusal);
    assert.equal(await isAtServer(zone), true);
  });

  test('a create whose key is withdrawn while the name server is asked is not carried out', async () => {
    const zone = zoneName('not-made.example');
    const key = randomUUID();
    const look = central.mayCreateZone.bind(central);
    mock.method(central, 'mayCreateZone', async (...asked: Parameters<Central['mayCreateZone']>) => {
      mock.restoreAll();
      await withdrawn(zone, key);
      return await look(...asked);
    });
    await assert.rejects(create(zone, key), ApiRefusal);
    assert.equal(await isAtServer(zone), false);
    assert.equal(await storage.zone(zone), null);
  });

  test('a withdrawal waits for a create that is under way, and tells how it ended', async () => {
    const zone = zoneName('under-way.example');
    const key = randomUUID();
    const withdrawals: Promise<{ readonly outcome: unknown }>[] = [];
    beforeCreate(async () => {
      withdrawals.push(gateway.withdraw(caller, zone, key));
      // A withdrawal that does not wait is done by then.
      await storage.note(auditFacts('test'));
      await storage.note(auditFacts('test'));
    });
    assert.equal(await create(zone, key), 'created');
    const told = (await Promise.all(withdrawals)).map(({ outcome }) => outcome);
    assert.deepEqual(told, [{ kind: 'done', result: 'created', removed: [], added: [] }]);
  });

  test('a withdrawal that has looked before the claim, and stores its key after it, waits for the create', async () => {
    const zone = zoneName('claimed-meanwhile.example');
    const key = randomUUID();
    const withdrawals: Promise<{ readonly outcome: unknown }>[] = [];
    beforeCreate(async () => {
      mock.method(storage, 'zone', async () => {
        mock.restoreAll();
        return await Promise.resolve(null);
      });
      withdrawals.push(gateway.withdraw(caller, zone, key));
      await storage.note(auditFacts('test'));
      await storage.note(auditFacts('test'));
    });
    assert.equal(await create(zone, key), 'created');
    const told = (await Promise.all(withdrawals)).map(({ outcome }) => outcome);
    assert.deepEqual(told, [{ kind: 'done', result: 'created', removed: [], added: [] }]);
  });

  test('an earlier create that lands late is the customer’s, also right before the repetition', async () => {
    const zone = zoneName('lands.example');
    await shop.bench.claim(zone, 'shop');
    beforeCreate(async () => await shop.bench.server.addZones([{ zone }]));
    assert.equal(await create(zone), 'exists');
    assert.equal((await storage.zone(zone))?.isPending, false);
  });

  test('a repetition that the name server refuses leaves the claim of the create before', async () => {
    const zone = zoneName('refused.example');
    await shop.bench.claim(zone, 'shop');
    mock.method(central, 'createZone', async () => {
      throw await Promise.resolve(
        new CentralError('central.access-denied', { state: 'untouched', retry: 'never' }),
      );
    });
    await assert.rejects(create(zone), ApiRefusal);
    assert.equal((await storage.zone(zone))?.isPending, true);
    await shop.bench.drop(zone, 'shop');
  });

  test('a create that was repeated meanwhile may still arrive, so its name is not free', async () => {
    const zone = zoneName('repeated.example');
    await shop.bench.claim(zone, 'shop');
    await settler.settle(false);
    passed += leaseTime(patience) - 1;
    mock.method(central, 'createZone', async () => {
      throw await Promise.resolve(
        new CentralError('central.unreachable', { state: 'unknown', retry: 'later' }),
      );
    });
    await assert.rejects(create(zone), ApiRefusal);
    mock.restoreAll();
    passed += 1;
    await settler.settle(false);
    assert.equal((await storage.zone(zone))?.isPending, true);
    passed += leaseTime(patience);
    await settler.settle(false);
    assert.equal(await storage.zone(zone), null);
  });

  test('a gateway that has slept does not remove a zone made only in part: it may be whole by now', async () => {
    const zone = zoneName('slept.example');
    await shop.bench.claim(zone, 'shop');
    await shop.bench.server.addZones([{ zone }]);
    const read = central.readNames.bind(central);
    let looks = 0;
    mock.method(central, 'readNames', async (...asked: Parameters<Central['readNames']>) => {
      const found = await read(...asked);
      // At the second read the machine sleeps for so long that another gateway may hold the zone.
      looks += 1;
      if (looks === 2) asleep += leaseTime(patience);
      return found?.filter(({ type }) => type !== 'SOA') ?? null;
    });
    await settler.settle(false);
    passed += leaseTime(patience);
    await settler.settle(false);
    assert.equal(looks, 2);
    assert.equal(await isAtServer(zone), true);
  });
});
