import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { auditFacts, storageContract } from '../../testing/contracts/gateway-storage.ts';
import { openSqlite } from './sqlite.ts';
import { StorageError } from './storage.ts';

storageContract('SQLite', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'gateway-'));
  return await Promise.resolve({
    open: async () =>
      await Promise.resolve(openSqlite(join(folder, 'gateway.db'), { wall: () => 77, gateway: '' })),
    stop: async () => {
      rmSync(folder, { recursive: true });
      await Promise.resolve();
    },
  });
});

test('a database of a later release, a damaged one and a row that somebody changed are refused', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'gateway-'));
  t.after(() => {
    rmSync(folder, { recursive: true });
  });
  const path = join(folder, 'gateway.db');
  const facts = { wall: Date.now, gateway: '' };
  const storage = openSqlite(path, facts);
  await storage.addCustomer({ id: 'shop', state: 'active', mostZones: 3, createdAt: 1 }, auditFacts('x'));
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
