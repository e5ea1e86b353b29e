import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { zoneName } from '../../dns/name.ts';
import { startGatewayBench, type GatewayBench } from '../../testing/accounts/gateway.ts';
import { askGateway, type Said } from '../../testing/accounts/ask-gateway.ts';
import { auditFacts } from '../../testing/contracts/gateway-storage.ts';
import { missingPrograms } from '../../testing/servers/process.ts';
import type { Rights } from '../rights/decide.ts';
import { presetRights } from '../rights/presets.ts';
import { openStorage } from '../serve.ts';

const panel = presetRights('panel', ['**'], []);

describe('tokens and owners over the API of a gateway', { skip: missingPrograms('pdns_server') }, () => {
  let bench: GatewayBench;
  before(async () => {
    bench = await startGatewayBench();
  });
  after(() => bench.stop());

  const ask = async (by: string, method: string, path: string, body?: unknown): Promise<Said> =>
    await askGateway(bench.url(), by, method, path, body);
  const create = async (by: string, zone: string, records: readonly unknown[] = []): Promise<Said> =>
    await ask(by, 'POST', '/v1/zones', { zone, check: false, nameServers: ['ns1.example.net'], records });
  const zonesOf = async (by: string): Promise<unknown> => (await ask(by, 'GET', '/v1/zones')).body['zones'];

  test('a token makes one for a certificate client, which ends with it', async () => {
    const maker = await bench.token('maker', panel, [], { makesTokens: true });
    await create(maker, 'maker.example');
    const rights = presetRights('acme', ['maker.example'], ['www']);
    const made = await ask(maker, 'POST', '/v1/tokens', { rights, label: 'acme' });
    assert.equal(made.status, 201, JSON.stringify(made.body));
    const { id, token } = made.body as { id: string; token: string };
    const proof = { name: '_acme-challenge.www.maker.example.', type: 'TXT', ttl: 60, data: '"x"' };
    const change = async (by: string, key: string, name = proof.name): Promise<number> => {
      const body = { key, remove: [], add: [{ ...proof, name }] };
      return (await ask(by, 'POST', '/v1/zones/maker.example/changes', body)).status;
    };
    assert.equal(await change(token, 'made-key-1'), 200);
    assert.equal(await change(token, 'made-key-2', 'www.maker.example.'), 403);
    assert.equal((await ask(token, 'POST', '/v1/tokens', { rights })).status, 403);
    const { body } = await ask(maker, 'GET', '/v1/tokens');
    const [listed] = body['tokens'] as Record<string, unknown>[];
    assert.equal(listed?.['id'], id);
    assert.ok(!('hash' in listed) && !JSON.stringify(body).includes(token));
    const rotated = await ask(maker, 'POST', `/v1/tokens/${id}/rotate`, { overlap: 0 });
    const fresh = String(rotated.body['token']);
    assert.deepEqual([await change(token, 'made-key-3'), await change(fresh, 'made-key-4')], [401, 200]);
    assert.equal((await ask(maker, 'DELETE', `/v1/tokens/${id}`)).status, 200);
    assert.equal(await change(fresh, 'made-key-5'), 401);
    const second = await ask(maker, 'POST', '/v1/tokens', { rights });
    await bench.revoke(maker);
    assert.equal(await change(String(second.body['token']), 'made-key-6'), 401);
  });

  test('a token that has leaked is ended by whoever holds it, though he could not use it', async () => {
    const leaked = await bench.token('leak', panel, ['192.0.2.0/24']);
    assert.equal((await ask(leaked, 'GET', '/v1/zones')).status, 401);
    const wrong = `${leaked.slice(0, 20)}${leaked.slice(20).split('').toReversed().join('')}`;
    assert.equal((await ask(wrong, 'DELETE', '/v1/token')).status, 401);
    assert.equal((await ask(leaked, 'DELETE', '/v1/token')).status, 200);
    assert.equal((await ask(leaked, 'DELETE', '/v1/token')).status, 401);
    const operator = await bench.operatorToken();
    assert.equal((await ask(operator, 'DELETE', '/v1/token')).status, 200);
    assert.equal((await ask(operator, 'GET', '/v1/operator/customers')).status, 401);
  });

  test('whoever may not write protected types cannot delete or give away a zone that has some', async () => {
    const full = await bench.token('guarded', { ...panel, protectedTypes: ['CAA', 'DNAME'] });
    const records = [
      { name: 'd.guarded.example.', type: 'DNAME', ttl: 60, data: 'example.net.' },
      { name: 'guarded.example.', type: 'CAA', ttl: 60, data: '0 issue "ca.example.net"' },
    ];
    assert.equal((await create(full, 'guarded.example', records)).status, 201);
    const plain: Rights = { ...panel, protectedTypes: ['CAA'] };
    const blind: Rights = {
      ...plain,
      rules: plain.rules.map((rule) => ({ ...rule, allow: ['add', 'change', 'remove'] })),
    };
    const seeing: Rights = {
      ...blind,
      rules: [...blind.rules, { zone: '**', name: 'x', types: '*', allow: ['read', 'remove'] }],
    };
    for (const [rights, text] of [
      [plain, 'zone.delete: d.guarded.example. DNAME'],
      [seeing, 'zone.delete'],
    ] as const) {
      const by = await bench.token('guarded', rights);
      for (const said of [
        await ask(by, 'DELETE', '/v1/zones/guarded.example'),
        await ask(by, 'POST', '/v1/zones/guarded.example/offer', { withBelow: false }),
      ]) {
        assert.deepEqual([said.status, said.body['state']], [403, 'untouched']);
        assert.deepEqual(said.body['params'], { text });
      }
    }
    assert.equal((await ask(full, 'DELETE', '/v1/zones/guarded.example')).status, 200);
  });

  test('a zone goes to another customer by the code of its owner', async () => {
    const [giver, taker, thief] = [
      await bench.token('giver', panel),
      await bench.token('taker', panel),
      await bench.token('thief', panel),
    ];
    const record = { name: 'www.given.example.', type: 'A', ttl: 60, data: '192.0.2.5' };
    await create(giver, 'given.example', [record]);
    await create(giver, 'sub.given.example');
    const offer = async (withBelow: boolean): Promise<string> => {
      const said = await ask(giver, 'POST', '/v1/zones/given.example/offer', { withBelow });
      assert.equal(said.status, 200, JSON.stringify(said.body));
      return String(said.body['code']);
    };
    const take = async (by: string, code: string, zone = 'given.example'): Promise<Said> =>
      await ask(by, 'POST', `/v1/zones/${zone}/take`, { code });
    assert.equal(
      (await ask(thief, 'POST', '/v1/zones/given.example/offer', { withBelow: true })).status,
      404,
    );
    const alone = await take(taker, await offer(false));
    assert.deepEqual([alone.status, alone.body['code']], [409, 'zone.foreign']);
    const old = await offer(true);
    const code = await offer(true);
    assert.equal((await take(taker, old)).status, 404);
    assert.equal((await take(taker, code, 'other.example')).status, 404);
    const reader = await bench.token('taker', presetRights('full', ['**'], []));
    assert.equal((await take(reader, code)).status, 403);
    const done = await take(taker, code);
    assert.deepEqual(done.body['zones'], ['given.example.', 'sub.given.example.']);
    assert.equal((await take(thief, code)).status, 404);
    assert.deepEqual(
      [await zonesOf(giver), await zonesOf(taker)],
      [[], ['given.example.', 'sub.given.example.']],
    );
    const { body } = await ask(taker, 'GET', '/v1/zones/given.example/records?name=www.given.example');
    assert.deepEqual(body['records'], [record]);
    assert.equal((await ask(giver, 'GET', '/v1/zones/given.example/records')).status, 404);
  });

  test('a code ends with the token of its owner, and before another zone would go with it', async () => {
    const [owner, taker] = [await bench.token('sold', panel), await bench.token('buyer', panel)];
    await create(owner, 'sold.example');
    const offer = async (by: string): Promise<string> => {
      const said = await ask(by, 'POST', '/v1/zones/sold.example/offer', { withBelow: true });
      assert.equal(said.status, 200, JSON.stringify(said.body));
      return String(said.body['code']);
    };
    const take = async (code: string): Promise<number> =>
      (await ask(taker, 'POST', '/v1/zones/sold.example/take', { code })).status;
    const stolen = await bench.token('sold', panel);
    const byThief = await offer(stolen);
    await bench.revoke(stolen);
    assert.equal(await take(byThief), 404, 'revoked');
    const beforeStop = await offer(owner);
    await bench.setState('sold', 'read-only');
    await bench.setState('sold', 'active');
    assert.equal(await take(beforeStop), 404, 'read-only meanwhile');
    const alone = await offer(owner);
    assert.equal((await create(owner, 'later.sold.example')).status, 201);
    assert.equal(await take(alone), 404, 'there is another zone below now');
    assert.equal(await take(await offer(owner)), 200);
    assert.deepEqual(await zonesOf(taker), ['later.sold.example.', 'sold.example.']);
  });

  test('names that the rules of the gateway keep are refused, unless the operator has given them', async () => {
    const by = await bench.token('namer', panel);
    for (const [zone, code] of [
      ['co.uk', 'gateway.public-suffix'],
      ['_dmarc.co.uk', 'gateway.reserved-prefix'],
      ['host.local', 'gateway.special-name'],
      ['2.0.192.in-addr.arpa', 'gateway.reverse-name'],
    ] as const) {
      const said = await create(by, zone);
      const [problem] = said.body['problems'] as { code: string }[];
      assert.deepEqual([said.status, said.body['state'], problem?.code], [422, 'untouched', code]);
    }
    const reverse = zoneName('2.0.192.in-addr.arpa');
    await bench.assign(reverse, 'namer');
    assert.equal((await create(by, reverse)).status, 201);
    assert.equal((await ask(by, 'DELETE', `/v1/zones/${reverse}`)).status, 200);
    assert.equal((await create(by, reverse)).status, 201, 'he may have it again');
    assert.equal((await ask(by, 'DELETE', `/v1/zones/${reverse}`)).status, 200);
    const storage = await openStorage(bench.settings);
    await storage.releaseZone(reverse, 'namer', 0, auditFacts('released'), null);
    await storage.close();
    assert.equal((await create(by, reverse)).status, 422, 'the operator has taken it back');
  });

  test('what a customer has at most: records of a zone, of an RRset, its octets, zones, writes', async () => {
    const by = await bench.token('limited', panel);
    await create(by, 'limited.example');
    let keys = 0;
    const change = async (add: readonly unknown[], remove: readonly unknown[] = []): Promise<unknown> => {
      keys += 1;
      const body = { key: `limited-${keys}`, remove, add };
      const said = await ask(by, 'POST', '/v1/zones/limited.example/changes', body);
      return said.status === 200
        ? 200
        : [said.status, said.body['code'], said.body['state'], said.body['retry']];
    };
    const address = (name: string, last: number): unknown => ({
      name: `${name}.limited.example.`,
      type: 'A',
      ttl: 60,
      data: `192.0.2.${last}`,
    });
    const over = [422, 'central.limit', 'untouched', 'never'];
    await bench.setLimits('limited', { records: 4 });
    assert.equal(await change([address('a', 1), address('a', 2)]), 200, 'SOA and NS are two');
    assert.deepEqual(await change([address('b', 1)]), over);
    assert.equal(await change([address('b', 1)], [address('a', 1)]), 200);
    await bench.setLimits('limited', { records: 3 });
    assert.equal(await change([address('b', 2)], [address('b', 1)]), 200, 'as many as before');
    assert.equal(await change([], [address('b', 2)]), 200);
    assert.deepEqual(await change([address('b', 2)]), over);
    await bench.setLimits('limited', { records: 100, recordsInRrset: 2 });
    assert.equal(await change([address('c', 1), address('c', 2)]), 200);
    assert.deepEqual(await change([address('c', 3)]), over);
    assert.equal(await change([address('c', 3)], [address('c', 1)]), 200);
    await bench.setLimits('limited', { recordsInRrset: 100, octetsInRrset: 20 });
    const text = (length: number): unknown => ({
      name: 't.limited.example.',
      type: 'TXT',
      ttl: 60,
      data: `"${'x'.repeat(length)}"`,
    });
    assert.equal(await change([text(19)]), 200);
    assert.deepEqual(await change([text(20)], [text(19)]), over);
    await bench.setLimits('limited', { octetsInRrset: 65_000, zones: 1 });
    assert.deepEqual((await create(by, 'second.example')).body['code'], 'central.limit');
    await bench.setLimits('limited', { writesInDay: 0 });
    const busy = [429, 'central.busy', 'untouched', 'later'];
    assert.deepEqual(await change([address('d', 1)]), busy);
    const deleted = await ask(by, 'DELETE', '/v1/zones/limited.example');
    assert.deepEqual([deleted.status, deleted.body['code']], [429, 'central.busy']);
    await bench.setLimits('limited', { writesInDay: 1_000 });
    assert.equal((await ask(by, 'DELETE', '/v1/zones/limited.example')).status, 200);
  });
});
