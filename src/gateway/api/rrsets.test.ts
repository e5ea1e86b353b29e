/** RRsets as resources, and keys of requests in a header. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Said } from '../../testing/accounts/ask-gateway.ts';
import type { GatewayBench } from '../../testing/accounts/gateway.ts';
import { startShopBench, type ShopBench } from '../../testing/accounts/shop-bench.ts';
import type { Rule } from '../rights/rule.ts';
import { missingPrograms } from '../../testing/servers/process.ts';

const base = '/v1/zones/shop.example/rrsets';
const www = `${base}/www.shop.example/A`;

describe('RRsets of a gateway', { skip: missingPrograms('pdns_server') }, () => {
  let bench: GatewayBench;
  let ask: ShopBench['ask'];
  before(async () => {
    ({ bench, ask } = await startShopBench());
  });
  after(() => bench.stop());

  const put = async (
    data: readonly string[],
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Said> => await ask('PUT', www, { ttl: 300, data }, headers);
  const serial = async (): Promise<string> =>
    JSON.stringify((await ask('GET', `${base}/shop.example/SOA`)).body['data']);

  test('an RRset is made, read, changed and deleted; its tag tells one content from another', async () => {
    const made = await put(['192.0.2.2', '192.0.2.1', '192.0.2.1'], { 'If-None-Match': '*' });
    assert.equal(made.status, 200, JSON.stringify(made.body));
    const read = await ask('GET', www);
    const { etag, ...rrset } = read.body;
    assert.deepEqual(rrset, {
      name: 'www.shop.example.',
      type: 'A',
      ttl: 300,
      data: ['192.0.2.1', '192.0.2.2'],
    });
    assert.deepEqual([etag, read.headers.etag, made.headers.etag], [etag, etag, etag]);
    const changed = await put(['192.0.2.2', '192.0.2.3'], { 'If-Match': String(etag) });
    assert.deepEqual(
      [changed.body['removed'], changed.body['added']].map((one) =>
        (one as { data: string }[]).map(({ data }) => data),
      ),
      [['192.0.2.1'], ['192.0.2.3']],
    );
    assert.notEqual(changed.headers.etag, etag);
    assert.equal(changed.headers.etag, (await ask('GET', www)).headers.etag);
    const gone = await ask('DELETE', www, undefined, { 'If-Match': String(changed.headers.etag) });
    assert.equal((gone.body['removed'] as unknown[]).length, 2);
    assert.equal((await ask('GET', www)).status, 404);
    const again = await ask('DELETE', www);
    assert.deepEqual([again.status, again.body['removed']], [200, []]);
  });

  test('a precondition that does not hold: 412, and nothing is written', async () => {
    const first = String((await put(['192.0.2.1'])).headers.etag);
    await put(['192.0.2.2']);
    const written = await serial();
    for (const headers of [
      { 'If-Match': first },
      { 'If-None-Match': '*' },
      { 'If-Match': `W/${String((await ask('GET', www)).headers.etag)}` },
      { 'If-Match': '"x", "y"' },
    ]) {
      for (const said of [await put(['192.0.2.9'], headers), await ask('DELETE', www, undefined, headers)])
        assert.deepEqual(
          [said.status, said.body['code'], said.body['state']],
          [412, 'gateway.precondition', 'untouched'],
        );
    }
    for (const [name, value] of [
      ['If-Match', first.slice(1)],
      ['If-Match', ''],
      ['If-None-Match', '"a" "b"'],
    ] as const)
      assert.equal((await put(['192.0.2.9'], { [name]: value })).status, 400, value);
    assert.equal(await serial(), written);
    assert.equal(
      (await ask('DELETE', `${base}/none.shop.example/A`, undefined, { 'If-Match': '*' })).status,
      412,
    );
  });

  test('of many who have read the same, one writes', async () => {
    const tag = String((await put(['192.0.2.1'])).headers.etag);
    const answers = await Promise.all(
      Array.from({ length: 8 }, async (_, at) => await put([`192.0.2.${10 + at}`], { 'If-Match': tag })),
    );
    const done = answers.flatMap(({ status }, at) => (status === 200 ? [at] : []));
    assert.deepEqual(
      answers.map(({ status }) => status).toSorted((one, other) => one - other),
      [200, ...Array.from({ length: 7 }, () => 412)],
    );
    assert.deepEqual((await ask('GET', www)).body['data'], [`192.0.2.${10 + (done[0] ?? -1)}`]);
  });

  test('a client that has the RRset already is told so', async () => {
    const tag = String((await put(['192.0.2.1'])).headers.etag);
    const said = await ask('GET', www, undefined, { 'If-None-Match': `"x", ${tag}` });
    assert.deepEqual([said.status, said.body, said.headers.etag], [304, {}, tag]);
    assert.equal((await ask('GET', www, undefined, { 'If-None-Match': '"x"' })).status, 200);
  });

  test('a TTL alone is changed, and equal content writes nothing', async () => {
    await put(['192.0.2.1']);
    const longer = await ask('PUT', www, { ttl: 600, data: ['192.0.2.1'] });
    assert.equal(longer.status, 200);
    assert.equal((await ask('GET', www)).body['ttl'], 600);
    const written = await serial();
    const same = await ask('PUT', www, { ttl: 600, data: ['192.0.2.1'] });
    assert.deepEqual(same.body, { removed: [], added: [] });
    assert.equal(await serial(), written);
  });

  test('a key in the header: once, the same answer again, no other request with it', async () => {
    await put(['192.0.2.1']);
    const headers = { 'Idempotency-Key': '"header-key-0001"' };
    const first = await put(['192.0.2.7'], headers);
    await put(['192.0.2.8']);
    const again = await put(['192.0.2.7'], headers);
    assert.deepEqual(again.body, first.body);
    assert.deepEqual((await ask('GET', www)).body['data'], ['192.0.2.8']);
    const other = await put(['192.0.2.9'], headers);
    assert.deepEqual([other.status, other.body['code']], [422, 'gateway.key-reused']);
    const changes = '/v1/zones/shop.example/changes';
    const add = [{ name: 'k.shop.example.', type: 'A', ttl: 60, data: '192.0.2.1' }];
    const key = { 'Idempotency-Key': 'header-key-0002' };
    const change = await ask('POST', changes, { remove: [], add }, key);
    assert.equal(change.status, 200, JSON.stringify(change.body));
    const sameBody = { key: 'header-key-0002', remove: [], add };
    assert.deepEqual((await ask('POST', changes, sameBody)).body, change.body);
    assert.deepEqual((await ask('POST', changes, sameBody, key)).body, change.body);
    for (const [body, own] of [
      [{ remove: [], add }, {}],
      [{ key: 'header-key-0003', remove: [], add }, key],
      [{ remove: [], add }, { 'Idempotency-Key': 'short' }],
      [{ remove: [], add }, { 'Idempotency-Key': '"open-quote-1' }],
    ] as const)
      assert.equal((await ask('POST', changes, body, own)).status, 400, JSON.stringify([body, own]));
  });

  test('lists: filtered, in pages, each with the tag of the RRset', async () => {
    await put(['192.0.2.1']);
    const listed = async (query: string): Promise<string[]> =>
      ((await ask('GET', `${base}${query}`)).body['rrsets'] as { name: string; type: string }[]).map(
        ({ name, type }) => `${name} ${type}`,
      );
    assert.deepEqual(await listed('?type=A&name=www.shop.example'), ['www.shop.example. A']);
    assert.deepEqual(await listed('?type=TXT&name=www.shop.example'), []);
    const all = await listed('');
    assert.deepEqual(all, all.toSorted());
    const pages: string[] = [];
    let cursor = '';
    do {
      const { body } = await ask('GET', `${base}?limit=2${cursor}`);
      pages.push(
        ...(body['rrsets'] as { name: string; type: string }[]).map(({ name, type }) => `${name} ${type}`),
      );
      const { next } = body;
      cursor = typeof next === 'string' ? `&cursor=${next}` : '';
    } while (cursor !== '');
    assert.deepEqual(pages, all);
    const [first] = (await ask('GET', `${base}?type=A&name=www.shop.example`)).body['rrsets'] as {
      etag: string;
    }[];
    assert.equal(first?.etag, (await ask('GET', www)).headers.etag);
    for (const query of ['?limit=0', '?limit=x', '?limit=1&limit=2', '?nmae=x', '?cursor=%25', '?type='])
      assert.equal((await ask('GET', `${base}${query}`)).status, 400, query);
  });

  test('the rights of a token hold for RRsets too', async () => {
    await put(['192.0.2.1']);
    const tag = String((await ask('GET', www)).headers.etag);
    const rule = {
      zone: 'shop.example',
      name: 'mine',
      types: ['A'],
      allow: ['read', 'add', 'change', 'remove'],
    } as const;
    const by = await bench.token('shop', {
      rules: [rule],
      createZones: [],
      deleteZones: [],
      protectedTypes: [],
    });
    const mine = `${base}/mine.shop.example/A`;
    assert.equal((await ask('PUT', mine, { ttl: 60, data: ['192.0.2.1'] }, {}, by)).status, 200);
    const refused: Said[] = [];
    for (const headers of [{}, { 'If-Match': tag }, { 'If-None-Match': '*' }, { 'If-Match': '"x"' }]) {
      refused.push(await ask('PUT', www, { ttl: 60, data: ['192.0.2.9'] }, headers, by));
      refused.push(await ask('DELETE', www, undefined, headers, by));
    }
    assert.deepEqual(new Set(refused.map(({ status }) => status)), new Set([403]));
    const hidden = [
      await ask('GET', www, undefined, {}, by),
      await ask('GET', `${base}/absent.shop.example/A`, undefined, {}, by),
    ];
    assert.deepEqual(
      hidden.map(({ status, body: { instance: _own, ...body } }) => [status, body]),
      Array.from({ length: 2 }, () => [404, { ...hidden[0]?.body, instance: undefined }]).map(
        ([status, body]) => {
          const { instance: _none, ...rest } = Object(body);
          return [status, rest];
        },
      ),
    );
    assert.equal(
      (await ask('PUT', `${base}/www.other.example/A`, { ttl: 60, data: ['192.0.2.9'] })).status,
      403,
    );
    const other = await bench.token('other');
    for (const said of [
      await ask('GET', www, undefined, {}, other),
      await ask('PUT', www, { ttl: 60, data: ['192.0.2.9'] }, {}, other),
      await ask('DELETE', www, undefined, { 'If-Match': tag }, other),
    ])
      assert.equal(said.status, 404);
  });

  test('a token that may write and not read hears nothing of what was there', async () => {
    const rules: Rule[] = [
      { zone: 'shop.example', name: 'www', types: ['A'], allow: ['add', 'change', 'remove'] },
      { zone: 'shop.example', name: 'seen', types: ['A'], allow: ['read'] },
    ];
    const by = await bench.token('shop', { rules, createZones: [], deleteZones: [], protectedTypes: [] });
    const key = { 'Idempotency-Key': 'blind-key-0001' };
    for (const [method, body] of [['PUT', { ttl: 60, data: ['192.0.2.9'] }], ['DELETE']] as const) {
      await put(['192.0.2.77']);
      const said = await ask(method, www, body, method === 'PUT' ? key : {}, by);
      assert.deepEqual([said.status, said.body['removed']], [200, []], method);
    }
    const withdraw = '/v1/zones/shop.example/changes/withdraw';
    const told = await ask('POST', withdraw, { key: 'blind-key-0001' }, {}, by);
    assert.deepEqual([told.body['outcome'], told.body['removed']], ['done', []]);
  });

  test('what cannot be an RRset is refused in whole', async () => {
    const written = await serial();
    for (const [path, body, status] of [
      [www, { ttl: 60, data: ['192.0.2.1', 'x', 'y'] }, 422],
      [www, { ttl: 60, data: [] }, 400],
      [www, { ttl: -1, data: ['192.0.2.1'] }, 400],
      [www, { data: ['192.0.2.1'] }, 400],
      [`${base}/www.shop.example/ANY`, { ttl: 60, data: ['x'] }, 422],
      [`${base}/a..b/A`, { ttl: 60, data: ['192.0.2.1'] }, 422],
      [`${base}/c.shop.example/CNAME`, { ttl: 60, data: ['a.example.', 'b.example.'] }, 422],
    ] as const)
      assert.equal((await ask('PUT', path, body)).status, status, JSON.stringify([path, body]));
    assert.equal(await serial(), written);
  });
});
