/** What a check of one zone must not miss. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test, type TestContext } from 'node:test';
import { systemClock } from '../../app/wiring/clock.ts';
import type { Central, ListedSerials } from '../../core/central.ts';
import { zoneName } from '../../dns/name.ts';
import { makeRecord, type ResourceRecord } from '../../dns/record.ts';
import { auditFacts, sampleChange, sampleToken } from '../../testing/contracts/gateway-storage.ts';
import { MemoryCentral } from '../../testing/memory-central/index.ts';
import { patience } from '../../testing/patience.ts';
import { openSqlite } from '../storage/sqlite-database.ts';
import { usualLimits, type Storage } from '../storage/storage.ts';
import { mostUnchecked } from '../storage/zone-drift.ts';
import { ZoneTurns } from '../work/zone-turns.ts';
import { DriftChecker } from './checker.ts';
import { ZoneSerials } from './serials.ts';

const zone = zoneName('example.org');
const soa = makeRecord({ name: '@', type: 'SOA', rdata: 'ns.example.net. h.example.net. 1 2 3 4 5' }, zone);
const log = (): void => undefined;

function address(name: string, rdata: string): ResourceRecord {
  return makeRecord({ name, type: 'A', rdata, ttl: 300 }, zone);
}

/** A name server that lists its zones with their serials. */
class SerialCentral extends MemoryCentral {
  serial = 5;

  async listSerials(): Promise<ListedSerials> {
    return await Promise.resolve(new Map(this.store.zones().map((one) => [one, this.serial])));
  }
}

interface Scene {
  readonly central: SerialCentral;
  readonly storage: Storage;
  readonly checker: DriftChecker;
  /** The file of the database. */
  readonly path: string;
  /** Wall clock, milliseconds. */
  readonly time: { now: number };
}

/** A zone of the customer `shop` with one address. */
async function sceneOf(t: TestContext): Promise<Scene> {
  const folder = mkdtempSync(join(tmpdir(), 'drift-'));
  const central = new SerialCentral({ traits: { carriesTtl: true } });
  central.store.putZone(zone, [soa, address('www', '192.0.2.1')]);
  const time = { now: 1_000_000 };
  const wall = (): number => time.now;
  const path = join(folder, 'gateway.db');
  const storage = openSqlite(path, { wall, gateway: '' });
  t.after(async () => {
    await storage.close();
    rmSync(folder, { recursive: true });
  });
  const limits = { ...usualLimits, writesInMinute: 100_000 };
  await storage.addCustomer({ id: 'shop', state: 'active', limits, createdAt: 1 }, auditFacts('customer'));
  assert.equal(await storage.addToken(sampleToken('token001'), auditFacts('token')), null);
  await storage.claimZone({ zone, customer: 'shop', at: 0, quarantine: 0 }, auditFacts('claim'), null);
  await storage.confirmClaim(zone, 'shop', auditFacts('confirm'), null);
  const backends = { named: (): Central => central };
  const [turns, serials] = [
    new ZoneTurns({ storage, log, clock: systemClock, timeout: patience }),
    new ZoneSerials(backends, wall),
  ];
  const guard = { doubt: async (): Promise<null> => await Promise.resolve(null) };
  const parts = { storage, backends, serials, guard, turns, log, wall };
  const checker = new DriftChecker({ ...parts, timeout: patience, every: 60_000 });
  return { central, storage, checker, path, time };
}

test('a serial from before the last read does not prove that nobody has written since', async (t) => {
  const { central, storage, checker, time } = await sceneOf(t);
  assert.equal(await checker.check(zone, true), 'first');
  time.now += 60_000;
  assert.equal(await checker.check(zone, true), 'unchanged');
  time.now += 1_000;
  central.store.add(zone, address('www', '192.0.2.9'));
  central.serial += 1;
  time.now += 700_000;
  assert.equal(await checker.check(zone, true), 'drift');
  time.now += 1_000;
  central.store.remove(zone, address('www', '192.0.2.9'));
  central.serial += 1;
  time.now += 59_000;
  assert.equal(await checker.check(zone, true), 'drift');
  assert.equal(await storage.drift.of(zone), null);
});

test('somebody’s change is found beside more changes than are read at once, also while one is open', async (t) => {
  const { central, storage, checker, path } = await sceneOf(t);
  assert.equal(await checker.check(zone, false), 'first');
  central.store.add(zone, address('www', '192.0.2.9'));
  const lease = await storage.takeZone(zone, patience);
  assert.ok(lease !== 'busy');
  await storage.countRecords(zone, 0, lease);
  const accept = async (at: number): Promise<void> => {
    const change = { ...sampleChange(`key-${at}`), add: [address(`n${at}`, '192.0.2.1')] };
    assert.equal(await storage.acceptChange(change, auditFacts('accept'), lease), null);
    const outcome = { kind: 'done', removed: [], added: change.add } as const;
    if (at === 1) await storage.endChange(change, outcome, auditFacts('end'), lease);
  };
  await accept(1);
  repeatFirst(path, mostUnchecked - 2);
  // The last change has no outcome.
  await accept(mostUnchecked);
  await storage.leaveZone(lease);
  for (let at = 1; at <= mostUnchecked; at += 1) central.store.add(zone, address(`n${at}`, '192.0.2.1'));
  assert.equal((await storage.drift.knowledge(zone))?.changes.length, mostUnchecked);
  assert.equal(await checker.check(zone, false), 'drift');
  const found = (await storage.drift.of(zone))?.rrsets.map(({ name, type }) => `${name} ${type}`);
  assert.deepEqual(found, [`www.${zone} A`]);
  assert.equal(await checker.check(zone, false), 'same');
});

/** Stores changes like the first one, each of another name, in one transaction. */
function repeatFirst(path: string, times: number): void {
  const database = new DatabaseSync(path, { timeout: patience });
  const named = (column: string): string => `replace(${column}, 'n1.', 'n' || number || '.')`;
  database
    .prepare(
      `WITH RECURSIVE counted (number) AS (SELECT 2 UNION ALL SELECT number + 1 FROM counted WHERE number <= ?)
      INSERT INTO change (customer, token, key, zone, client, fingerprint, body, accepted_at, outcome, ended_at,
        unseen)
      SELECT customer, token, 'key-' || number, zone, client, fingerprint, ${named('body')}, accepted_at,
        ${named('outcome')}, ended_at, number
      FROM change, counted WHERE key = 'key-1'`,
    )
    .run(times);
  database.close();
}
