/** When zones are checked for drift. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { outage } from '../../centrals/errors.ts';
import { zoneName, type DnsName } from '../../dns/name.ts';
import { askGateway, sendToGateway } from '../../testing/accounts/ask-gateway.ts';
import { startGatewayBench } from '../../testing/accounts/gateway.ts';
import { missingPrograms, until } from '../../testing/servers/process.ts';
import { VirtualClock } from '../../testing/virtual-clock.ts';
import { openStorage } from '../serve.ts';
import { StorageError } from '../storage/storage.ts';
import type { DriftResult } from './checker.ts';
import { startDriftChecks } from './schedule.ts';

/** A schedule with zones in memory. A check takes as long as the test says. */
class Scene {
  readonly clock = new VirtualClock(0);
  /** Zones with the time of their next check. */
  readonly zones: Map<DnsName, number>;
  /** Names of the zones that were checked, each with its time. */
  readonly checked: string[] = [];
  readonly counted: string[] = [];
  /** How long a check takes, milliseconds. */
  takes = 10;
  doubt: 'older' | null = null;
  /** Whether the database stores when a zone is checked again. */
  storesTimes = true;
  outcome: (zone: DnsName) => DriftResult = () => 'same';
  #running = 0;

  constructor(...names: readonly string[]) {
    this.zones = new Map(names.map((text, at) => [zoneName(text), at]));
  }

  start(): () => Promise<void> {
    return startDriftChecks({
      checker: { check: async (zone) => await this.#check(zone) },
      storage: {
        drift: {
          due: async (at, most) => await Promise.resolve(this.#due(at).slice(0, most)),
          postpone: async (zone, at) => {
            if (!this.storesTimes) throw new StorageError('storage.failed');
            this.zones.set(zone, at);
            await Promise.resolve();
          },
        },
      },
      guard: { doubt: async () => await Promise.resolve(this.doubt) },
      metrics: { driftCheck: (result) => this.counted.push(result) },
      clock: this.clock,
      log: () => undefined,
    });
  }

  async #check(zone: DnsName): Promise<DriftResult> {
    assert.equal(this.#running, 0, 'one at a time');
    this.#running += 1;
    this.checked.push(`${zone} ${this.clock.now()}`);
    await this.clock.sleep(this.takes);
    this.#running -= 1;
    const result = this.outcome(zone);
    this.zones.set(zone, this.clock.now() + 86_400_000);
    return result;
  }

  #due(at: number): readonly DnsName[] {
    return [...this.zones].filter(([, time]) => time <= at).map(([zone]) => zone);
  }
}

test('zones are checked one after the other, with pauses nine times as long as the checks', async () => {
  const scene = new Scene('a.test', 'b.test', 'c.test');
  const end = scene.start();
  await scene.clock.runUntil(25_000);
  assert.deepEqual(scene.checked, ['a.test. 0', 'b.test. 100', 'c.test. 200']);
  scene.zones.set(zoneName('a.test'), 0);
  await scene.clock.runUntil(40_000);
  assert.equal(scene.checked.length, 4);
  await scene.clock.runUntilSettled(end());
  assert.deepEqual(scene.counted, ['same', 'same', 'same', 'same']);
});

test('a zone whose name server is down, or that is being changed, is checked later; others are not held up', async () => {
  const scene = new Scene('down.test', 'busy.test', 'well.test');
  scene.outcome = (zone) => {
    if (zone === 'down.test.') throw outage('central.unreachable');
    return zone === 'busy.test.' ? 'later' : 'same';
  };
  const end = scene.start();
  await scene.clock.runUntil(30_000);
  assert.equal(scene.checked.length, 3);
  assert.deepEqual(scene.counted, ['failed', 'later', 'same']);
  await scene.clock.runUntil(90_000);
  const names = scene.checked.map((one) => one.split(' ')[0]);
  assert.deepEqual(names.slice(3), ['busy.test.']);
  await scene.clock.runUntil(930_000);
  assert.ok(scene.checked.slice(4).some((one) => one.startsWith('down.test.')));
  await scene.clock.runUntilSettled(end());
});

test('while the database is in doubt nothing is checked; a storage that fails ends nothing', async () => {
  const scene = new Scene('a.test');
  scene.doubt = 'older';
  const end = scene.start();
  await scene.clock.runUntil(60_000);
  assert.deepEqual(scene.checked, []);
  scene.doubt = null;
  let isDown = true;
  scene.outcome = () => {
    if (isDown) throw new StorageError('storage.failed');
    return 'same';
  };
  await scene.clock.runUntil(80_000);
  isDown = false;
  await scene.clock.runUntil(150_000);
  assert.deepEqual([scene.counted[0], scene.counted.at(-1)], ['failed', 'same']);
  await scene.clock.runUntilSettled(end());
});

test('a zone whose check the storage fails is not tried again and again', async () => {
  const scene = new Scene('damaged.test', 'well.test');
  scene.outcome = (zone) => {
    if (zone === 'damaged.test.') throw new StorageError('storage.failed');
    return 'same';
  };
  const end = scene.start();
  await scene.clock.runUntil(60_000);
  const tries = (): readonly string[] => scene.checked.filter((one) => one.startsWith('damaged.test.'));
  assert.equal(tries().length, 1, tries().slice(0, 3).join());
  assert.ok(scene.checked.some((one) => one.startsWith('well.test.')));
  await scene.clock.runUntil(100_000);
  assert.equal(tries().length, 2);
  scene.storesTimes = false;
  await scene.clock.runUntil(200_000);
  assert.ok(tries().length > 2 && tries().length < 15, String(tries().length));
  await scene.clock.runUntilSettled(end());
});

describe('a gateway that runs', { skip: missingPrograms('pdns_server') }, () => {
  test('checks its zones by itself, and says so in metrics and commands', async () => {
    const bench = await startGatewayBench();
    try {
      const zone = zoneName('watched.example');
      await bench.token('shop');
      const operator = await bench.operatorToken();
      await bench.server.addZones([{ zone, records: 'www 300 IN A 192.0.2.1' }]);
      await bench.assign(zone, 'shop');
      await bench.restart(undefined, { driftEvery: 86_400_000 });
      const metric = async (sample: string): Promise<boolean> => {
        const asked = { token: '', method: 'GET', path: '/metrics' };
        return (await sendToGateway(bench.statusUrl(), asked)).text.includes(
          `domainsync_gateway_${sample}\n`,
        );
      };
      await until(async () => await metric('drift_checks_total{result="first"} 1'));
      assert.equal(await metric('drifted_zones 0'), true);
      const rrset = { name: `x.${zone}`, type: 'A', ttl: 60, changetype: 'REPLACE' };
      const records = [{ content: '192.0.2.9', disabled: false }];
      await bench.server.call('PATCH', `/zones/${zone}`, { rrsets: [{ ...rrset, records }] });
      const storage = await openStorage(bench.settings);
      await storage.drift.postpone(zone, 0);
      await storage.close();
      await until(async () => await metric('drifted_zones 1'));
      const { body } = await askGateway(bench.url(), operator, 'GET', '/v1/operator/drift');
      assert.deepEqual((body['zones'] as { zone: string }[])[0]?.zone, zone);
      await bench.restart(undefined, { driftEvery: 0 });
    } finally {
      await bench.stop();
    }
  });
});
