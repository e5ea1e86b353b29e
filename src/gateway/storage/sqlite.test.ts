import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { driftStorageContract } from '../../testing/contracts/gateway-drift-storage.ts';
import { auditFacts, storageContract, type StorageSubject } from '../../testing/contracts/gateway-storage.ts';
import { isLinked, noHead } from './audit-chain.ts';
import { storageMigrations } from './migrations.ts';
import { openSqlite } from './sqlite-database.ts';
import { StorageError, usualLimits } from './storage.ts';

const subject = async (): Promise<StorageSubject> => {
  const folder = mkdtempSync(join(tmpdir(), 'gateway-'));
  return await Promise.resolve({
    open: async () =>
      await Promise.resolve(openSqlite(join(folder, 'gateway.db'), { wall: () => 77, gateway: '' })),
    stop: async () => {
      rmSync(folder, { recursive: true });
      await Promise.resolve();
    },
  });
};
storageContract('SQLite', subject);
driftStorageContract('SQLite', subject);

const facts = { wall: Date.now, gateway: '' };

test('a database of a later release, a damaged one and a row that somebody changed are refused', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'gateway-'));
  t.after(() => {
    rmSync(folder, { recursive: true });
  });
  const path = join(folder, 'gateway.db');
  const storage = openSqlite(path, facts);
  await storage.addCustomer(
    { id: 'shop', state: 'active', limits: usualLimits, createdAt: 1 },
    auditFacts('x'),
  );
  const database = new DatabaseSync(path);
  database.exec(`INSERT INTO token (id, customer, hash, label, rights, networks, created_at)
    VALUES ('t', 'shop', 'h', '', '{"rules":"none"}', '[]', 1)`);
  await assert.rejects(storage.token('t'), { name: 'StorageError', code: 'storage.failed' });
  database.exec('PRAGMA user_version = 99');
  database.close();
  await storage.close();
  assert.throws(() => openSqlite(path, facts), { code: 'storage.newer' });
  assert.throws(() => openSqlite(folder, facts), StorageError);
});

test('a database of release 0.2.0 keeps what it has, and its audit can be checked', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'gateway-'));
  t.after(() => {
    rmSync(folder, { recursive: true });
  });
  const path = join(folder, 'gateway.db');
  const body = JSON.stringify({
    what: 'x',
    customer: 'shop',
    token: '',
    zone: '',
    detail: {},
    from: '192.0.2.7',
  });
  const hash = createHash('sha256')
    .update(`${'0'.repeat(64)}\n5\n${body}`)
    .digest('hex');
  const old = new DatabaseSync(path);
  old.exec(storageMigrations[0] ?? '');
  old.exec(`PRAGMA user_version = 1;
    INSERT INTO customer VALUES ('shop', 'active', 3, 1);
    INSERT INTO token (id, customer, hash, label, rights, networks, created_at) VALUES
      ('token001', 'shop', 'h', '', '{"rules":[],"createZones":[],"deleteZones":[],"protectedTypes":[]}', '[]', 1);
    INSERT INTO change (customer, token, key, zone, fingerprint, body, accepted_at) VALUES ('shop', 'token001',
      'key00001', 'example.org.', 'f', '{"from":"192.0.2.7","zone":"example.org.","remove":[],"add":[],"before":[]}', 5);
    INSERT INTO audit (at, body, hash) VALUES (5, '${body}', '${hash}');`);
  old.close();
  const storage = openSqlite(path, { wall: () => 9, gateway: '' });
  const customer = await storage.customer('shop');
  assert.deepEqual(customer?.limits, { ...usualLimits, zones: 3 });
  assert.deepEqual((await storage.token('token001'))?.previous, null);
  assert.equal((await storage.change('token001', 'key00001'))?.from, '192.0.2.7');
  await storage.setCustomer('shop', { state: 'suspended', limits: {} }, auditFacts('suspended'));
  const [first, second] = await storage.auditLinks(0, 10);
  assert.ok(first && second && isLinked(noHead.hash, first) && isLinked(first.hash, second));
  assert.deepEqual(
    (await storage.audit(0, 10)).map(({ from, isErased }) => [from, isErased]),
    [
      ['192.0.2.7', false],
      ['', false],
    ],
  );
  await storage.close();
});
