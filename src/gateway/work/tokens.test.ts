import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { auditFacts } from '../../testing/contracts/gateway-storage.ts';
import type { Rights } from '../rights/decide.ts';
import { presetRights } from '../rights/presets.ts';
import { makeToken } from '../rights/token.ts';
import { openSqlite } from '../storage/sqlite-database.ts';
import { newTokenFacts, usualLimits, type Storage, type StoredToken } from '../storage/storage.ts';
import { authenticate } from './authenticate.ts';
import type { Caller } from './caller.ts';
import { endHeldToken, findHeldToken } from './held-token.ts';
import {
  madeTokens,
  makeNarrowerToken,
  narrowMadeToken,
  revokeMadeToken,
  rotateMadeToken,
  type TokenRequest,
} from './tokens.ts';

const here = '192.0.2.7';
const hour = 3_600_000;

class Bench {
  now = 1_000;
  readonly storage: Storage;

  constructor(storage: Storage) {
    this.storage = storage;
  }

  get ports() {
    return { storage: this.storage, wall: () => this.now, log: () => undefined };
  }

  async token(facts: Partial<StoredToken> = {}): Promise<string> {
    const { id, text, hash } = makeToken();
    const rights = presetRights('panel', ['**'], []);
    const bare = { ...newTokenFacts, id, hash, rights, customer: 'shop', createdAt: this.now };
    assert.equal(await this.storage.addToken({ ...bare, ...facts }, auditFacts('token')), null);
    return text;
  }

  async login(text: string, from = here): Promise<Caller> {
    return await authenticate(this.ports, text, from);
  }

  async isRefused(text: string, from = here): Promise<boolean> {
    return await this.login(text, from).then(
      () => false,
      (error: unknown) => {
        assert.equal((error as { code: string }).code, 'central.login');
        return true;
      },
    );
  }
}

async function startBench(t: TestContext): Promise<Bench> {
  const folder = mkdtempSync(join(tmpdir(), 'gateway-'));
  const storage = openSqlite(join(folder, 'gateway.db'), { wall: () => 5, gateway: '' });
  t.after(async () => {
    await storage.close();
    rmSync(folder, { recursive: true });
  });
  for (const id of ['shop', 'other'])
    await storage.addCustomer({ id, state: 'active', limits: usualLimits, createdAt: 1 }, auditFacts('x'));
  return new Bench(storage);
}

const acme = presetRights('acme', ['example.org'], ['www']);

function request(facts: Partial<TokenRequest> = {}): TokenRequest {
  return { label: '', rights: acme, networks: [], expiresAt: null, idle: null, ...facts };
}

test('a rotated token: both texts for a while, then only the new one', async (t) => {
  const bench = await startBench(t);
  const old = await bench.token();
  const { token } = await bench.login(old);
  const { text, hash } = makeToken(token.id);
  assert.equal(text.slice(0, 13), old.slice(0, 13));
  await bench.storage.rotateToken(token.id, { hash, until: bench.now + hour }, auditFacts('rotate'));
  for (const one of [old, text]) assert.equal((await bench.login(one)).token.id, token.id);
  bench.now += hour;
  assert.ok(await bench.isRefused(old));
  assert.ok(!(await bench.isRefused(text)));
});

test('a token that nobody uses ends, and stays ended', async (t) => {
  const bench = await startBench(t);
  const text = await bench.token({ idle: hour });
  bench.now += hour;
  assert.ok(!(await bench.isRefused(text)), 'not used yet, and in time');
  bench.now += hour;
  assert.ok(!(await bench.isRefused(text)), 'the use before counts');
  bench.now += hour + 1;
  assert.ok(await bench.isRefused(text));
  assert.ok(await bench.isRefused(text), 'the refused try is no use');
});

test('a made token does no more than its maker, and ends with it', async (t) => {
  const bench = await startBench(t);
  const limits = { networks: ['192.0.2.0/24'], expiresAt: 9 * hour, makesTokens: true };
  const maker = await bench.login(await bench.token(limits));
  const { text, id } = await makeNarrowerToken(bench.ports, maker, request({ label: 'acme' }));
  const made = await bench.login(text);
  assert.deepEqual(
    [made.token.rights, made.token.networks, made.token.expiresAt, made.token.maker, made.token.makesTokens],
    [acme, limits.networks, limits.expiresAt, maker.token.id, false],
  );
  const wider: Rights = { ...acme, protectedTypes: ['SOA'] };
  for (const [asked, code] of [
    [{ rights: wider }, 'gateway.token-wider'],
    [{ rights: { ...acme, rules: [{ ...acme.rules[0]!, zone: '' }] } }, 'central.invalid-value'],
    [{ networks: ['192.0.0.0/16'] }, 'gateway.token-wider'],
    [{ networks: ['192.0.2.7', '198.51.100.1'] }, 'gateway.token-wider'],
    [{ networks: ['::/0'] }, 'gateway.token-wider'],
    [{ networks: ['nowhere'] }, 'central.invalid-value'],
    [{ expiresAt: 9 * hour + 1 }, 'gateway.token-wider'],
  ] as const)
    await assert.rejects(
      makeNarrowerToken(bench.ports, maker, request(asked)),
      { code },
      JSON.stringify(asked),
    );
  await assert.rejects(makeNarrowerToken(bench.ports, made, request()), { code: 'central.access-denied' });
  const nearer = request({ networks: ['192.0.2.7'], expiresAt: 5 * hour, idle: hour });
  const second = await makeNarrowerToken(bench.ports, maker, nearer);
  assert.ok(await bench.isRefused(second.text, '192.0.2.8'));
  assert.ok(!(await bench.isRefused(second.text)));
  assert.deepEqual(
    (await madeTokens(bench.ports, maker)).map((one) => one.id).toSorted(),
    [id, second.id].toSorted(),
  );
  await bench.storage.revokeToken(maker.token.id, 7, auditFacts('revoke'));
  assert.ok(await bench.isRefused(text));
  await assert.rejects(makeNarrowerToken(bench.ports, maker, request()), { code: 'central.login' });
});

test('a token rotates and revokes only what it has made', async (t) => {
  const bench = await startBench(t);
  const maker = await bench.login(await bench.token({ makesTokens: true }));
  const rival = await bench.login(await bench.token({ makesTokens: true }));
  const { text, id } = await makeNarrowerToken(bench.ports, maker, request());
  for (const [by, which] of [
    [rival, id],
    [maker, maker.token.id],
    [maker, 'nobody00'],
  ] as const) {
    await assert.rejects(revokeMadeToken(bench.ports, by, which), { status: 404 });
    await assert.rejects(rotateMadeToken(bench.ports, by, which, hour), { status: 404 });
  }
  const rotated = await rotateMadeToken(bench.ports, maker, id, 0);
  assert.ok(await bench.isRefused(text));
  assert.ok(!(await bench.isRefused(rotated.text)));
  await revokeMadeToken(bench.ports, maker, id);
  assert.ok(await bench.isRefused(rotated.text));
  await assert.rejects(revokeMadeToken(bench.ports, maker, id), { status: 404 });
  await bench.storage.setCustomer('shop', { state: 'read-only', limits: {} }, auditFacts('state'));
  await assert.rejects(makeNarrowerToken(bench.ports, maker, request()), { code: 'central.access-denied' });
});

test('a token that was made loses rights, and never gets one back', async (t) => {
  const bench = await startBench(t);
  const maker = await bench.login(await bench.token({ makesTokens: true }));
  const rule = { zone: 'example.org', name: '**', types: '*', allow: ['read', 'add'] } as const;
  const wide: Rights = { rules: [rule], createZones: [], deleteZones: [], protectedTypes: [] };
  const { id, text } = await makeNarrowerToken(bench.ports, maker, request({ rights: wide }));
  const narrow = async (rights: Rights, by = maker, which = id): Promise<unknown> =>
    await narrowMadeToken(bench.ports, by, which, rights);
  const fewer: Rights = { ...wide, rules: [{ ...rule, allow: ['read'] }] };
  const one: Rights = { ...wide, rules: [{ ...rule, name: 'www', types: ['A'], allow: ['read'] }] };
  for (const [rights, code] of [
    [{ ...wide, createZones: ['**'] }, 'gateway.token-wider'],
    [{ ...wide, rules: [{ ...rule, zone: '**' }] }, 'gateway.token-wider'],
    [{ ...wide, protectedTypes: ['CAA'] }, 'gateway.token-wider'],
    [{ ...wide, rules: [{ ...rule, zone: '' }] }, 'central.invalid-value'],
  ] as const)
    await assert.rejects(narrow(rights), { code });
  await narrow(fewer);
  assert.deepEqual((await bench.login(text)).token.rights, fewer);
  await assert.rejects(narrow(wide), { code: 'gateway.token-wider' }, 'its maker still has them');
  await narrow(one);
  await narrow(one);
  assert.deepEqual((await bench.login(text)).token.rights, one);
  const entries = (await bench.storage.audit(0, 100)).filter(({ what }) => what === 'token.narrowed');
  assert.deepEqual(entries[0]?.detail, { id, before: wide, rights: fewer });
  const stranger = await bench.login(await bench.token({ makesTokens: true }));
  await assert.rejects(narrow(one, stranger), { status: 404 });
  await assert.rejects(narrow(one, maker, maker.token.id), { status: 404 });
  await assert.rejects(narrow(one, maker, 'nobody'), { status: 404 });
  await assert.rejects(narrow(one, await bench.login(text)), { code: 'central.access-denied' });
  await revokeMadeToken(bench.ports, maker, id);
  await assert.rejects(narrow(one), { status: 404 });
});

test('whoever finds a token can end it, from anywhere, and with its text only', async (t) => {
  const bench = await startBench(t);
  const text = await bench.token({ networks: ['192.0.2.0/24'] });
  const away = '198.51.100.9';
  const wrong = makeToken(text.slice(4, 12)).text;
  for (const one of [wrong, text.slice(0, -1), '', makeToken().text])
    await assert.rejects(findHeldToken(bench.ports, one, away), { code: 'central.login' });
  assert.ok(!(await bench.isRefused(text)));
  const held = await findHeldToken(bench.ports, text, away);
  await endHeldToken(bench.ports, held);
  assert.ok(await bench.isRefused(text));
  await assert.rejects(findHeldToken(bench.ports, text, away), { code: 'central.login' });
  await assert.rejects(endHeldToken(bench.ports, held), { code: 'central.login' });
  const [entry] = (await bench.storage.audit(0, 100)).slice(-1);
  assert.deepEqual([entry?.what, entry?.from, entry?.customer], ['token.leaked', away, 'shop']);
  const { id, text: operator, hash } = makeToken();
  const times = { createdAt: 1, expiresAt: null, revokedAt: null, lastUsed: null };
  await bench.storage.addOperator(
    { id, hash, label: '', networks: ['192.0.2.9'], ...times },
    auditFacts('x'),
  );
  await endHeldToken(bench.ports, await findHeldToken(bench.ports, operator, away));
  assert.notEqual((await bench.storage.operator(id))?.revokedAt, null);
  await assert.rejects(findHeldToken(bench.ports, operator, away), { code: 'central.login' });
});
