import assert from 'node:assert/strict';
import { test } from 'node:test';
import { zoneName } from '../../dns/name.ts';
import { SqlStorage } from '../../gateway/storage/sql-storage.ts';
import type { Storage } from '../../gateway/storage/storage.ts';
import { storageContract } from '../contracts/gateway-storage.ts';
import { quietWay, SharedDatabase } from './sim-database.ts';

const wall = (): number => 77;

for (const hasLeases of [true, false])
  storageContract(`simulated, ${hasLeases ? 'with' : 'without'} leases`, async () => {
    const database = new SharedDatabase(Date.now);
    const open = async (): Promise<Storage> =>
      await Promise.resolve(
        new SqlStorage(database.connect(quietWay, hasLeases), { wall, gateway: hasLeases ? 'one' : '' }),
      );
    const stop = async (): Promise<void> => {
      await Promise.resolve();
    };
    return await Promise.resolve({ open, stop });
  });

test('a lease of the simulated database ends by its clock, and the next one has a larger fence', async () => {
  let now = 1_000;
  const database = new SharedDatabase(() => now);
  const [one, two] = ['one', 'two'].map(
    (gateway) => new SqlStorage(database.connect(quietWay, true), { wall, gateway }),
  );
  assert.ok(one !== undefined && two !== undefined);
  const zone = zoneName('example.org');
  const first = await one.takeZone(zone, 500);
  now += 499;
  assert.equal(await two.takeZone(zone, 500), 'busy');
  now += 1;
  const second = await two.takeZone(zone, 500);
  assert.ok(first !== 'busy' && second !== 'busy');
  assert.ok(second.fence > first.fence);
  const lost = { name: 'StorageError', code: 'storage.lease-lost' };
  await assert.rejects(one.countRecords(zone, 1, first), lost);
});
