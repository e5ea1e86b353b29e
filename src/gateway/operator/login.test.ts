import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { auditFacts } from '../../testing/contracts/gateway-storage.ts';
import { makeToken } from '../rights/token.ts';
import { openSqlite } from '../storage/sqlite-database.ts';
import { newTokenFacts, usualLimits, type Storage } from '../storage/storage.ts';
import { authenticate } from '../work/authenticate.ts';
import { findHeldToken } from '../work/held-token.ts';
import { authenticateOperator } from './login.ts';

/** A storage that notes which of its methods are called. */
function noting(storage: Storage, called: string[]): Storage {
  return new Proxy(storage, {
    get: (target, name) => {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== 'function') return value;
      return (...given: unknown[]): unknown => {
        called.push(String(name));
        return Reflect.apply(value, target, given);
      };
    },
  });
}

test('a wrong token costs the same calls of the storage, whether its id exists or not', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'gateway-'));
  const storage = openSqlite(join(folder, 'gateway.db'), { wall: Date.now, gateway: '' });
  t.after(async () => {
    await storage.close();
    rmSync(folder, { recursive: true });
  });
  const audit = auditFacts('test');
  await storage.addCustomer({ id: 'shop', state: 'active', limits: usualLimits, createdAt: 1 }, audit);
  const [customer, operator] = [makeToken(), makeToken()];
  const facts = { ...newTokenFacts, createdAt: 1 };
  const rights = { rules: [], createZones: [], deleteZones: [], protectedTypes: [] };
  await storage.addToken({ ...facts, id: customer.id, hash: customer.hash, customer: 'shop', rights }, audit);
  await storage.addOperator({ ...facts, id: operator.id, hash: operator.hash }, audit);
  for (const [name, login] of Object.entries({ authenticate, authenticateOperator, findHeldToken })) {
    const called = async (text: string): Promise<string> => {
      const calls: string[] = [];
      const ports = { storage: noting(storage, calls), log: () => undefined, wall: Date.now };
      await assert.rejects(login(ports, text, '192.0.2.7'), { status: 401, code: 'central.login' });
      return calls.join(' ');
    };
    const unknown = await called(makeToken().text);
    assert.notEqual(unknown, '', name);
    for (const { id } of [customer, operator]) assert.equal(await called(makeToken(id).text), unknown, name);
  }
});
