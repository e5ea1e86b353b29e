/** The operator's API. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, describe, test } from 'node:test';
import { zoneName } from '../../dns/name.ts';
import { askGateway, sendToGateway, type Said } from '../../testing/accounts/ask-gateway.ts';
import { startGatewayBench, type GatewayBench } from '../../testing/accounts/gateway.ts';
import { missingPrograms } from '../../testing/servers/process.ts';

describe('the operator’s API of a gateway', { skip: missingPrograms('pdns_server') }, () => {
  let bench: GatewayBench;
  let token: string;
  before(async () => {
    bench = await startGatewayBench();
    token = await bench.operatorToken();
    await bench.server.addZones([{ zone: zoneName('old.example'), records: 'www 300 IN A 192.0.2.1' }]);
    for (const id of ['one', 'two', 'three'])
      assert.equal((await ask('POST', '/customers', { id, limits: { zones: 2 } })).status, 201);
  });
  after(() => bench.stop());

  const ask = async (method: string, path: string, body?: unknown, by = token): Promise<Said> =>
    await askGateway(bench.url(), by, method, `/v1/operator${path}`, body);

  test('customers: added once, changed, listed in pages', async () => {
    const again = await ask('POST', '/customers', { id: 'one' });
    assert.deepEqual([again.status, again.body['code']], [409, 'gateway.customer-exists']);
    const changed = await ask('PATCH', '/customers/two', { state: 'read-only', limits: { records: 5 } });
    assert.equal(changed.body['state'], 'read-only');
    const { limits } = changed.body as { limits: Record<string, number> };
    assert.deepEqual([limits['zones'], limits['records']], [2, 5]);
    assert.deepEqual((await ask('GET', '/customers/two')).body, changed.body);
    await ask('PATCH', '/customers/two', { state: 'active' });
    for (const [method, path, body, status] of [
      ['GET', '/customers/nobody', undefined, 404],
      ['PATCH', '/customers/nobody', { state: 'active' }, 404],
      ['POST', '/customers', { id: 'Not An Id' }, 400],
      ['POST', '/customers', { id: 'x', limits: { zones: -1 } }, 400],
      ['POST', '/customers', { id: 'x', more: 1 }, 400],
      ['PATCH', '/customers/one', { state: 'gone' }, 400],
    ] as const)
      assert.equal((await ask(method, path, body)).status, status, `${method} ${path}`);
    const first = await ask('GET', '/customers?limit=2');
    const second = await ask('GET', `/customers?limit=2&cursor=${String(first.body['next'])}`);
    const ids = [first, second].map(({ body }) =>
      (body['customers'] as { id: string }[]).map(({ id }) => id),
    );
    assert.deepEqual(ids, [['one', 'three'], ['two']]);
    assert.equal(second.body['next'], null);
  });

  test('a token is shown once, works, and is refused once it is revoked', async () => {
    const order = { preset: 'panel', zones: ['**'], networks: ['127.0.0.0/8'], label: 'panel', days: 3 };
    const made = await ask('POST', '/customers/one/tokens', order);
    assert.equal(made.status, 201, JSON.stringify(made.body));
    const { id, token: text } = made.body as { id: string; token: string };
    const account = async (): Promise<number> =>
      (await askGateway(bench.url(), text, 'GET', '/v1/account')).status;
    assert.equal(await account(), 200);
    const listed = await ask('GET', '/customers/one/tokens');
    const [shown] = listed.body['tokens'] as Record<string, unknown>[];
    assert.deepEqual([shown?.['id'], shown?.['label'], shown?.['hash']], [id, 'panel', undefined]);
    assert.ok(!JSON.stringify(listed.body).includes(text));
    const explained = await ask(
      'GET',
      `/tokens/${id}/explain?zone=a.example&name=www.a.example&type=a&verb=add`,
    );
    assert.deepEqual([explained.body['allowed'], explained.body['reason']], [true, 'rule.allows']);
    assert.deepEqual((await ask('DELETE', `/tokens/${id}`)).body, { result: 'revoked' });
    assert.equal(await account(), 401);
    assert.equal((await ask('DELETE', `/tokens/${id}`)).status, 404);
  });

  test('rights of a token: those of a preset, or written out, and never both or wrong ones', async () => {
    const rule = { zone: 'a.example', name: '@', types: ['A'], allow: ['read'] };
    const rights = { rules: [rule], createZones: [], deleteZones: [], protectedTypes: [] };
    assert.equal((await ask('POST', '/customers/one/tokens', { rights })).status, 201);
    for (const [body, status] of [
      [{}, 400],
      [{ preset: 'read', rights }, 400],
      [{ rights, zones: ['a.example'] }, 400],
      [{ preset: 'dyndns', zones: ['a.example'] }, 422],
      [{ rights: { ...rights, rules: [{ ...rule, name: 'a..b' }] } }, 422],
      [{ rights: { ...rights, protectedTypes: ['A'] } }, 422],
      [{ rights: { ...rights, rules: [{ ...rule, allow: ['everything'] }] } }, 400],
      [{ preset: 'read', networks: ['nowhere'] }, 422],
      [{ preset: 'read', days: 0 }, 400],
      [{ preset: 'full', zones: Array.from({ length: 501 }, (_, at) => `z${at}.example`) }, 422],
      // The longest name, with every octet as an escape, takes a thousand characters.
      [{ preset: 'panel', zones: [String.raw`\097\098.`.repeat(60)] }, 201],
    ] as const)
      assert.equal((await ask('POST', '/customers/one/tokens', body)).status, status, JSON.stringify(body));
    assert.equal((await ask('GET', '/customers/one/tokens')).status, 200);
    assert.equal((await ask('POST', '/customers/nobody/tokens', { preset: 'read' })).status, 404);
    const keyed = await sendToGateway(bench.url(), {
      token,
      method: 'POST',
      path: '/v1/operator/customers/one/tokens',
      body: { preset: 'read' },
      headers: { 'Idempotency-Key': 'abcdefgh' },
    });
    assert.equal(keyed.status, 400);
  });

  test('zones: assigned, transferred, released', async () => {
    const [one, two] = [await bench.token('one'), await bench.token('two')];
    const reads = async (by: string): Promise<number> =>
      (await askGateway(bench.url(), by, 'GET', '/v1/zones/old.example/records')).status;
    assert.equal((await ask('GET', '/zones/old.example')).status, 404);
    assert.deepEqual((await ask('POST', '/zones/old.example/assign', { customer: 'one' })).body, {
      result: 'assigned',
    });
    assert.deepEqual([await reads(one), await reads(two)], [200, 404]);
    const taken = await ask('POST', '/zones/old.example/assign', { customer: 'two' });
    assert.deepEqual([taken.status, taken.body['code']], [409, 'gateway.foreign']);
    assert.deepEqual((await ask('GET', '/customers/one/zones')).body, {
      zones: ['old.example.'],
      next: null,
    });
    assert.deepEqual((await ask('POST', '/zones/old.example/transfer', { customer: 'two' })).body, {
      zones: ['old.example.'],
    });
    assert.deepEqual([await reads(one), await reads(two)], [404, 200]);
    assert.equal((await ask('GET', '/zones/old.example')).body['customer'], 'two');
    assert.deepEqual((await ask('POST', '/zones/old.example/release')).body, { result: 'released' });
    assert.deepEqual([await reads(one), await reads(two)], [404, 404]);
    for (const [path, body, status] of [
      ['/zones/none.example/transfer', { customer: 'one' }, 404],
      ['/zones/none.example/release', undefined, 404],
      ['/zones/none.example/assign', { customer: 'nobody' }, 404],
      ['/zones/a..b/assign', { customer: 'one' }, 422],
    ] as const)
      assert.equal((await ask('POST', path, body)).status, status, path);
  });

  test('a token gets another text; the old one ends at its time', async () => {
    const { body } = await ask('POST', '/customers/one/tokens', { preset: 'read' });
    const { id, token: old } = body as { id: string; token: string };
    const account = async (text: string): Promise<number> =>
      (await askGateway(bench.url(), text, 'GET', '/v1/account')).status;
    const rotated = await ask('POST', `/tokens/${id}/rotate`, { overlap: 600_000 });
    const second = String(rotated.body['token']);
    assert.deepEqual([await account(old), await account(second)], [200, 200]);
    const third = String((await ask('POST', `/tokens/${id}/rotate`, { overlap: 0 })).body['token']);
    assert.deepEqual([await account(old), await account(second), await account(third)], [401, 401, 200]);
    const keyed = await sendToGateway(bench.url(), {
      token,
      method: 'POST',
      path: `/v1/operator/tokens/${id}/rotate`,
      body: { overlap: 0 },
      headers: { 'Idempotency-Key': 'abcdefgh' },
    });
    assert.equal(keyed.status, 400);
    await ask('DELETE', `/tokens/${id}`);
    assert.equal((await ask('POST', `/tokens/${id}/rotate`, { overlap: 0 })).status, 404);
  });

  test('grants: given, listed in pages, revoked', async () => {
    await bench.server.addZones([{ zone: zoneName('above.example') }]);
    await ask('POST', '/zones/above.example/assign', { customer: 'one' });
    const two = await bench.token('two');
    const create = async (zone: string): Promise<number> => {
      const body = { zone, check: true, nameServers: ['ns1.example.net'], records: [] };
      return (await askGateway(bench.url(), two, 'POST', '/v1/zones', body)).status;
    };
    assert.equal(await create('a.above.example'), 409);
    const grants = '/zones/above.example/grants';
    for (const child of ['b.above.example', 'a.above.example'])
      assert.deepEqual((await ask('POST', grants, { child, customer: 'two' })).body, { result: 'granted' });
    assert.equal(await create('a.above.example'), 200);
    const first = await ask('GET', `${grants}?limit=1`);
    const second = await ask('GET', `${grants}?limit=1&cursor=${String(first.body['next'])}`);
    const [listed] = first.body['grants'] as Record<string, unknown>[];
    const { createdAt, ...facts } = listed ?? {};
    assert.ok(Number(createdAt) > 0);
    const grant = { parent: 'above.example.', customer: 'two', givenBy: 'one', revokedAt: null };
    assert.deepEqual(facts, { ...grant, child: 'a.above.example.' });
    assert.equal(second.body['next'], null);
    const ended = await ask('DELETE', `${grants}/a.above.example/two`);
    assert.deepEqual(ended.body, { result: 'revoked' });
    assert.equal(await create('a.above.example'), 409);
    for (const [method, path, body, status, code] of [
      ['DELETE', `${grants}/a.above.example/two`, undefined, 404, 'gateway.no-grant'],
      ['POST', grants, { child: 'above.example', customer: 'two' }, 422, 'gateway.not-below'],
      ['POST', grants, { child: 'a.example', customer: 'two' }, 422, 'gateway.not-below'],
      ['POST', grants, { child: 'a.above.example', customer: 'nobody' }, 404, 'gateway.no-customer'],
      [
        'POST',
        '/zones/none.example/grants',
        { child: 'a.none.example', customer: 'two' },
        404,
        'gateway.no-owner',
      ],
      ['POST', grants, { child: 'a..b', customer: 'two' }, 422, 'central.invalid-value'],
      ['POST', grants, { child: 'a.above.example', customer: 'x\0' }, 400, 'gateway.bad-request'],
    ] as const) {
      const said = await ask(method, path, body);
      assert.deepEqual([said.status, said.body['code']], [status, code], JSON.stringify(said.body));
    }
  });

  test('the audit is checked, and a person erased from it', async () => {
    const whole = await ask('GET', '/audit/check');
    assert.deepEqual([whole.body['broken'], whole.body['missing']], [[], []]);
    assert.ok(Number(whole.body['entries']) > 5);
    const reader = await bench.token('three');
    await ask('POST', '/customers/three/tokens', { preset: 'read' });
    await askGateway(bench.url(), reader, 'DELETE', '/v1/token');
    const seen = async (): Promise<unknown> => {
      const { entries } = (await ask('GET', '/audit')).body as { entries: { what: string; from: string }[] };
      return entries.find(({ what }) => what === 'token.leaked')?.from;
    };
    assert.equal(await seen(), '127.0.0.1');
    const erased = await ask('POST', '/audit/erase', { client: '127.0.0.1', customer: 'three' });
    assert.deepEqual(erased.body, { erased: 1 });
    assert.equal(await seen(), '');
    assert.deepEqual((await ask('GET', '/audit/check')).body['broken'], []);
    const database = new DatabaseSync(join(bench.settings.state, 'gateway.db'));
    database.exec(
      "UPDATE audit SET body = replace(body, 'customer.added', 'customer.gone') WHERE number = 2",
    );
    const found = await Promise.all([ask('GET', '/audit/check'), ask('GET', '/audit/check')]);
    for (const { body } of found) assert.deepEqual(body['broken'], [2]);
    database.exec(
      "UPDATE audit SET body = replace(body, 'customer.gone', 'customer.added') WHERE number = 2",
    );
    database.close();
  });

  test('the audit says which token of the operator did what, in pages and as lines', async () => {
    const all = (await ask('GET', '/audit')).body['entries'] as {
      number: number;
      what: string;
      from: string;
    }[];
    const added = all.find(({ what }) => what === 'customer.added');
    assert.match(added?.from ?? '', /^operator [0-9A-Za-z]{8}, 127\.0\.0\.1$/u);
    const numbers: number[] = [];
    for (let cursor = '0'; ;) {
      const { body } = await ask('GET', `/audit?limit=4&cursor=${cursor}`);
      numbers.push(...(body['entries'] as { number: number }[]).map(({ number }) => number));
      const { next } = body;
      if (typeof next !== 'string') break;
      cursor = next;
    }
    assert.deepEqual(
      numbers.slice(0, all.length),
      all.map(({ number }) => number),
    );
    const lines = await sendToGateway(bench.url(), {
      token,
      method: 'GET',
      path: '/v1/operator/audit?limit=3',
      headers: { Accept: 'application/jsonl' },
    });
    assert.equal(lines.headers['content-type'], 'application/jsonl');
    assert.deepEqual(
      lines.text
        .trimEnd()
        .split('\n')
        .map((line): unknown => JSON.parse(line)),
      all.slice(0, 3),
    );
  });

  test('tokens of customers do nothing here, tokens of the operator nothing elsewhere', async () => {
    const customer = await bench.token('one');
    const answers = [
      await ask('GET', '/customers', undefined, customer),
      await ask('POST', '/customers', { id: 'mine' }, customer),
      await ask('GET', '/customers', undefined, ''),
      await askGateway(bench.url(), token, 'GET', '/v1/zones'),
      await askGateway(bench.url(), token, 'DELETE', '/v1/zones/old.example'),
    ];
    const told = answers.map(({ status, body: { instance: _own, ...body } }) =>
      JSON.stringify([status, body]),
    );
    assert.equal(new Set(told).size, 1, told.join('\n'));
    assert.match(told[0] ?? '', /^\[401,/u);
  });
});
