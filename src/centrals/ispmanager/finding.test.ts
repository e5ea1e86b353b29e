/**
 * Tests how the kind and address of a central are found: at the first call, then remembered, and found again
 * after a surprising error.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { ispmanagerKinds } from '../../net/ispmanager/kinds.ts';
import { startSandbox, type Generation, type Sandbox, type Switches } from '../../../sandbox/index.ts';
import { CentralError, type Central } from '../../core/central.ts';
import { parseName } from '../../dns/name.ts';
import { makeRecord } from '../../dns/record.ts';
import { readFingerprint } from '../../net/fingerprint.ts';
import { TestClock } from '../../testing/accounts/ispmanager.ts';
import { createIspmanagerCentral, type CentralSettings, type Found } from './index.ts';
import { patience } from '../../testing/patience.ts';

const alice = { name: 'alice', password: 'a:p&w=d', level: 5 } as const;
const ctx = { signal: AbortSignal.timeout(patience), operation: '-' };
const zone = parseName('example.org.');

interface Site {
  readonly folder: string;
  readonly clock: TestClock;
  readonly found: Found[];
  start(generation: Generation, options?: { port?: number; switches?: Partial<Switches> }): Promise<Sandbox>;
  central(sandbox: Sandbox, more?: Partial<CentralSettings>): Central;
}

function site(t: TestContext): Site {
  const folder = mkdtempSync(join(tmpdir(), 'finding-'));
  const running: Sandbox[] = [];
  t.after(async () => {
    await Promise.all(running.map((one) => one.stop()));
    rmSync(folder, { recursive: true, force: true });
  });
  const clock = new TestClock();
  const found: Found[] = [];
  return {
    folder,
    clock,
    found,
    start: async (generation, { port = 0, switches = {} } = {}) => {
      // All sandboxes use one root, because an upgrade keeps the machine and its certificate.
      const sandbox = await startSandbox({ root: folder, generation, port, users: [alice], switches });
      running.push(sandbox);
      return sandbox;
    },
    central: (sandbox, more = {}) => {
      const settings: CentralSettings = {
        kind: 'auto',
        address: sandbox.url,
        username: alice.name,
        password: alice.password,
        passwordNext: '',
        trust: { kind: 'fingerprint', sha256: readFingerprint(sandbox.fingerprint) ?? '' },
        login: 'authinfo',
        timeout: patience,
        ...more,
      };
      const memory = { get: () => found.at(-1) ?? null, put: (one: Found) => found.push(one) };
      return createIspmanagerCentral(settings, { clock, memory });
    },
  };
}

async function makeZone(sandbox: Sandbox): Promise<void> {
  const params = { name: 'example.org', ip: '192.0.2.1', sok: 'ok' };
  const answer = await sandbox.call('domain.edit', params, { user: alice.name, password: alice.password });
  assert.ok(answer.ok, answer.body);
}

const expected = {
  v4: { path: '/ispmgr', kind: 'ispmanager4' },
  v5: { path: '/ispmgr', kind: 'ispmanager6' },
  v6: { path: '/ispmgr', kind: 'ispmanager6' },
  dnsmgr: { path: '/dnsmgr', kind: 'dnsmanager' },
} as const;

for (const generation of ['v4', 'v5', 'v6', 'dnsmgr'] as const) {
  for (const filled of [false, true]) {
    test(`${generation}, ${filled ? 'with a zone' : 'empty'}: found by its host alone, and remembered`, async (t) => {
      const place = site(t);
      const sandbox = await place.start(generation, { switches: { noise: filled } });
      if (filled) await makeZone(sandbox);
      const { path, kind } = expected[generation];
      const central = place.central(sandbox);
      t.after(() => central.close());
      assert.deepEqual(await central.listZones([], ctx), filled ? [zone] : []);
      assert.deepEqual(place.found, [{ address: `${sandbox.url}${path}`, kind }]);
      const asked = sandbox.requests.length;
      const again = place.central(sandbox);
      t.after(() => again.close());
      await again.listZones([], ctx);
      assert.equal(sandbox.requests.length, asked + 1);
      assert.equal(again.traits.carriesTtl, generation !== 'v4');
    });
  }
}

test('an upgrade of the central: the first read that meets it finds the new panel and is answered', async (t) => {
  const place = site(t);
  const old = await place.start('v4');
  await makeZone(old);
  const central = place.central(old, { address: `${old.url}/ispmgr` });
  t.after(() => central.close());
  const before = await central.readZone(zone, [], ctx);
  assert.ok(before?.some(({ ttl }) => ttl === null));
  const port = Number(new URL(old.url).port);
  await old.stop();
  await place.start('v6', { port });
  await place.clock.sleep(120_000);
  const after = await central.readZone(zone, [], ctx);
  assert.ok(after?.every(({ ttl }) => ttl !== null));
  assert.deepEqual(
    place.found.map(({ kind }) => kind),
    ['ispmanager4', 'ispmanager6'],
  );
});

test('an upgrade during which the central is down: the first read afterwards is answered', async (t) => {
  const place = site(t);
  const old = await place.start('v4');
  await makeZone(old);
  const central = place.central(old);
  t.after(() => central.close());
  await central.listZones([], ctx);
  await old.stop();
  for (let times = 0; times < 2; times += 1) {
    await assert.rejects(central.readZone(zone, [], ctx), { code: 'central.unreachable' });
  }
  await place.start('v6', { port: Number(new URL(old.url).port) });
  assert.ok(((await central.readZone(zone, [], ctx)) ?? []).length > 0);
  assert.equal(place.found.at(-1)?.kind, 'ispmanager6');
});

test('a write that meets the upgrade is not sent twice; the next one goes to the new panel', async (t) => {
  const place = site(t);
  const old = await place.start('v4');
  await makeZone(old);
  const central = place.central(old, { address: `${old.url}/ispmgr` });
  t.after(() => central.close());
  const present = (await central.readZone(zone, [], ctx)) ?? [];
  const port = Number(new URL(old.url).port);
  await old.stop();
  const upgraded = await place.start('v6', { port });
  await place.clock.sleep(120_000);
  const add = [makeRecord({ name: 'new', type: 'A', rdata: '192.0.2.9' }, zone)];
  await assert.rejects(central.apply({ zone, remove: [], add }, present, ctx), CentralError);
  assert.equal(
    upgraded.keys('example.org')?.some((key) => key.startsWith('new.')),
    false,
  );
  const now = await central.readNames(zone, [parseName('new.example.org.')], ctx);
  await central.apply({ zone, remove: [], add }, now ?? [], ctx);
  assert.ok(upgraded.keys('example.org')?.includes('new.example.org. A  192.0.2.9'));
});

for (const generation of ['v4', 'v5', 'v6', 'dnsmgr'] as const) {
  test(`${generation}: a test of the settings notices a kind of another generation, also in an empty account`, async (t) => {
    const place = site(t);
    const sandbox = await place.start(generation);
    const address = `${sandbox.url}${expected[generation].path}`;
    const right = generation === 'v4' ? ['ispmanager4'] : ['ispmanager6', 'dnsmanager'];
    for (const filled of [false, true]) {
      if (filled) await makeZone(sandbox);
      for (const kind of ispmanagerKinds) {
        const central = place.central(sandbox, { kind, address });
        t.after(() => central.close());
        const check = central.check(ctx);
        if (right.includes(kind)) await check;
        else await assert.rejects(check, { code: 'central.wrong-kind', params: { kind } });
      }
    }
  });
}

test('a test of the settings that meets an upgrade finds the new panel', async (t) => {
  const place = site(t);
  const sandbox = await place.start('v6');
  place.found.push({ address: `${sandbox.url}/ispmgr`, kind: 'ispmanager4' });
  const central = place.central(sandbox);
  t.after(() => central.close());
  await central.check(ctx);
  assert.equal(place.found.at(-1)?.kind, 'ispmanager6');
});

test('what is remembered of another place is not believed', async (t) => {
  const place = site(t);
  const sandbox = await place.start('v6');
  for (const address of ['', 'http://127.0.0.1/ispmgr', 'https://127.0.0.1:1/ispmgr']) {
    place.found.push({ address, kind: 'ispmanager6' });
    const central = place.central(sandbox);
    t.after(() => central.close());
    assert.deepEqual(await central.listZones([], ctx), []);
    assert.equal(place.found.at(-1)?.address, `${sandbox.url}/ispmgr`);
  }
});

test('a refused login ends the search: one attempt', async (t) => {
  const place = site(t);
  const sandbox = await place.start('dnsmgr');
  const central = place.central(sandbox, { password: 'wrong' });
  t.after(() => central.close());
  await assert.rejects(central.check(ctx), { code: 'central.login' });
  const refused = sandbox.requests.filter(({ outcome }) => !['ok', 'data'].includes(outcome));
  assert.equal(refused.length, 1, JSON.stringify(sandbox.requests));
});

test('nobody there, or no panel: the most telling failure, and where', async (t) => {
  const place = site(t);
  const sandbox = await place.start('v6');
  const other = place.central(sandbox, { trust: { kind: 'fingerprint', sha256: 'ab'.repeat(32) } });
  t.after(() => other.close());
  await assert.rejects(other.check(ctx), (error) => {
    assert.ok(error instanceof CentralError);
    assert.deepEqual([error.code, error.params['address']], ['central.certificate', `${sandbox.url}/ispmgr`]);
    return true;
  });
  const named = place.central(sandbox, { address: `${sandbox.url}/nothing-here` });
  t.after(() => named.close());
  await assert.rejects(named.check(ctx), { code: 'central.garbled' });
  const gone = place.central(sandbox, { address: 'https://127.0.0.1:1' });
  t.after(() => gone.close());
  await assert.rejects(gone.check(ctx), { code: 'central.unreachable' });
  assert.deepEqual(place.found, []);
});
