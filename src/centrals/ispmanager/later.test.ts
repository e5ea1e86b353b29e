/**
 * Tests where accounts of ISPmanager 5/6 and DNSmanager differ from version 4 (docs/protocol.md#zone-form-5,
 * #record-form-5, #delays).
 */
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import type { Generation, Switches } from '../../../sandbox/index.ts';
import { parseName } from '../../dns/name.ts';
import { formatRecord, makeRecord } from '../../dns/record.ts';
import { alice, startPanel, type TestPanel } from '../../testing/accounts/ispmanager.ts';
import type { Central } from '../../core/central.ts';
import type { CentralSettings } from './index.ts';
import { patience } from '../../testing/patience.ts';

const zone = parseName('example.org.');
const seed = { addresses: ['192.0.2.1'], nameServers: [], mailServers: [] };
const ctx = () => ({ signal: AbortSignal.timeout(patience), operation: '-' });

interface Account extends TestPanel {
  readonly account: Central;
  readonly act: (func: string, params: Readonly<Record<string, string>>) => Promise<void>;
}

async function open(
  t: TestContext,
  generation: Generation,
  switches: Partial<Switches> = {},
  settings: Partial<CentralSettings> = {},
): Promise<Account> {
  const panel = await startPanel(switches, generation);
  const account = panel.central(settings);
  t.after(async () => {
    await account.close();
    await panel.stop();
  });
  return {
    ...panel,
    account,
    act: async (func, params) => {
      const who = { user: alice.name, password: alice.password };
      const answer = await panel.sandbox.call(func, { ...params, sok: 'ok' }, who);
      assert.ok(answer.ok, answer.body);
    },
  };
}

const add = [makeRecord({ name: 'www2', type: 'A', rdata: '192.0.2.9', ttl: 60 }, zone)];

for (const slowRecords of ['error', 'empty'] as const) {
  test(`an operation that goes on after its answer is waited for (records: ${slowRecords})`, async (t) => {
    // The adapter uses the sandbox's clock, so that the test need not really wait.
    const switches = { slowOperationsMs: 6_000, slowRecords, slowClock: 'sandbox' } as const;
    const { account, sandbox } = await open(t, 'v6', switches);
    assert.equal(await account.createZone(zone, seed, ctx()), 'created');
    const records = await account.readZone(zone, [], ctx());
    assert.ok(records !== null && records.length > 1, 'the records it made by itself are there');
    assert.equal(await account.deleteZone(zone, ctx()), 'deleted');
    assert.deepEqual([await account.readZone(zone, [], ctx()), sandbox.zones()], [null, []]);
  });
}

test('a zone that is still being deleted is not there, and created again once it is gone', async (t) => {
  const { account, act, sandbox } = await open(t, 'v6', { slowClock: 'sandbox' });
  await account.createZone(zone, seed, ctx());
  await account.apply({ zone, remove: [], add }, [], ctx());
  sandbox.switches.slowOperationsMs = 6_000;
  await act('domain.delete', { elid: 'example.org' });
  assert.deepEqual(await account.listZones([], ctx()), []);
  assert.equal(await account.createZone(zone, seed, ctx()), 'created');
  assert.equal(sandbox.keys('example.org')?.includes('www2.example.org. A  192.0.2.9'), false);
});

test('one that takes too long is of unknown outcome', async (t) => {
  const { account, sandbox } = await open(t, 'dnsmgr', { slowOperationsMs: 2 * patience, slowClock: 'real' });
  const deadline = new AbortController();
  const creating = account.createZone(zone, seed, { signal: deadline.signal, operation: '-' });
  const refused = assert.rejects(creating, { state: 'unknown' });
  while (!sandbox.requests.some(({ func, params }) => func === 'domain.edit' && 'sok' in params))
    await new Promise((resolve) => setImmediate(resolve));
  deadline.abort();
  await refused;
});

test('an ok without effect is no success', async (t) => {
  const { account, sandbox } = await open(t, 'v6');
  await account.createZone(zone, seed, ctx());
  sandbox.switches.noEffect = ['domain.record.edit', 'domain.record.delete', 'domain.edit', 'domain.delete'];
  const present = (await account.readZone(zone, [], ctx())) ?? [];
  await assert.rejects(account.apply({ zone, remove: [], add }, [], ctx()), { code: 'central.no-effect' });
  const [first] = present.filter(({ type }) => type === 'A');
  assert.ok(first !== undefined);
  await assert.rejects(account.apply({ zone, remove: [first], add: [] }, present, ctx()), {
    code: 'central.no-effect',
  });
  await assert.rejects(account.createZone(parseName('other.example.'), seed, ctx()), {
    code: 'central.no-effect',
  });
  await assert.rejects(account.deleteZone(zone, ctx()), { code: 'central.no-effect' });
});

test('rows of the DNSSEC engine are not ours: neither listed nor in the way', async (t) => {
  const { account, sandbox } = await open(t, 'dnsmgr', { dnssecRows: true });
  await account.createZone(zone, seed, ctx());
  await account.apply({ zone, remove: [], add }, [], ctx());
  const types = new Set((await account.readZone(zone, [], ctx()))?.map(({ type }) => type));
  for (const own of ['SOA', 'DNSKEY', 'RRSIG', 'NSEC', 'CDS']) assert.equal(types.has(own), false, own);
  assert.ok(sandbox.keys('example.org')?.includes('www2.example.org. A  192.0.2.9'));
});

test('slave zones are somebody else’s affair', async (t) => {
  const { account, act } = await open(t, 'dnsmgr');
  await act('domain.edit', { name: 'copy.example', dtype: 'slave', masterip: '192.0.2.2' });
  assert.deepEqual(await account.listZones([], ctx()), []);
});

test('a zone that a filter hides is still ours: read, written, found when it is to be created', async (t) => {
  const { account, act } = await open(t, 'v6');
  await act('domain.edit', { name: 'example.org', ip: '192.0.2.1' });
  await act('domain.filter', { name: 'something-else' });
  assert.deepEqual(await account.listZones([], ctx()), []);
  assert.ok((await account.readZone(zone, [], ctx())) !== null);
  await account.apply({ zone, remove: [], add }, [], ctx());
  assert.equal(await account.createZone(zone, seed, ctx()), 'exists');
  assert.equal(await account.readZone(parseName('nowhere.example.'), [], ctx()), null);
});

for (const confirm of [{ refererCheck: true }, { confirmWrites: true }] as const) {
  test(`writes that are to be confirmed: ${Object.keys(confirm).join()}`, async (t) => {
    const { account } = await open(t, 'v6', confirm, { login: 'session' });
    assert.equal(await account.createZone(zone, seed, ctx()), 'created');
    const altered = await account.apply({ zone, remove: [], add }, [], ctx());
    assert.deepEqual(altered.added.map(formatRecord), ['www2.example.org A 192.0.2.9']);
    assert.equal(await account.deleteZone(zone, ctx()), 'deleted');
  });
}

test('a session that ended in the middle is renewed once, without a word', async (t) => {
  const { account, clock, sandbox } = await open(t, 'v6', {}, { login: 'session' });
  await account.createZone(zone, seed, ctx());
  await clock.sleep(2 * 3_600_000);
  await account.apply({ zone, remove: [], add }, [], ctx());
  assert.equal(sandbox.requests.filter(({ func }) => func === 'auth').length, 2);
});

test('restricted names and limits are refusals that leave nothing', async (t) => {
  const { account } = await open(t, 'dnsmgr', { restrictedNames: ['example.org'] });
  await assert.rejects(account.createZone(zone, seed, ctx()), { state: 'untouched', retry: 'never' });
});
