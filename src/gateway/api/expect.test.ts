import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { askGateway, type Said } from '../../testing/accounts/ask-gateway.ts';
import type { GatewayBench } from '../../testing/accounts/gateway.ts';
import { startShopBench } from '../../testing/accounts/shop-bench.ts';
import { missingPrograms } from '../../testing/servers/process.ts';

interface Entry {
  readonly name: string;
  readonly type: string;
  readonly ttl: number | null;
  readonly data: string;
}

const zone = 'shop.example';
const www = 'www.shop.example.';

function a(last: number, ttl: number | null = 300): Entry {
  return { name: www, type: 'A', ttl, data: `192.0.2.${last}` };
}

let keys = 0;

/** A key that no other change of these tests has. */
function newKey(): string {
  keys += 1;
  return `expect-key-${keys}`;
}

describe('changes with an expectation', { skip: missingPrograms('pdns_server') }, () => {
  let bench: GatewayBench;
  let token: string;
  before(async () => {
    ({ bench, token } = await startShopBench());
  });
  after(() => bench.stop());

  const ask = async (method: string, path: string, body?: unknown, by = token): Promise<Said> =>
    await askGateway(bench.url(), by, method, path, body);

  /** A change of `www` and what it expects there. @param by token */
  const change = async (
    expected: readonly Entry[] | null,
    parts: {
      remove?: readonly Entry[];
      add?: readonly Entry[];
      types?: readonly string[] | null;
      key?: string;
    },
    by = token,
  ): Promise<Said> => {
    const { remove = [], add = [], types = ['A', 'CNAME'], key = newKey() } = parts;
    const expect = expected === null ? null : { names: [www], types, records: expected };
    return await ask('POST', `/v1/zones/${zone}/changes`, { key, remove, add, expect }, by);
  };

  const atWww = async (by = token): Promise<readonly Entry[]> => {
    const { body } = await ask('GET', `/v1/zones/${zone}/records?name=${www}`, undefined, by);
    return body['records'] as Entry[];
  };

  /** Makes the zone's records at `www` exactly these. */
  const reset = async (...records: readonly Entry[]): Promise<void> => {
    await change(null, { remove: await atWww(), add: records });
    assert.deepEqual(await atWww(), records);
  };

  test('a right one is carried out in one request, a wrong one changes nothing and is told what is there', async () => {
    await reset(a(1));
    const right = await change([a(1, null)], { remove: [a(1)], add: [a(2)] });
    assert.deepEqual([right.status, right.body], [200, { removed: [a(1)], added: [a(2)] }]);
    const wrong = await change([a(1, null)], { remove: [a(1)], add: [a(3)] });
    assert.deepEqual([wrong.status, wrong.type], [412, 'application/problem+json']);
    const { code, state, retry, found } = wrong.body;
    assert.deepEqual([code, state, retry], ['gateway.found-otherwise', 'untouched', 'later']);
    assert.deepEqual([found, await atWww()], [[a(2)], [a(2)]]);
  });

  test('nothing is to be there; a TTL counts if it is named; types that are not named do not', async () => {
    await reset();
    const text = { name: www, type: 'TXT', ttl: 300, data: '"x"' };
    assert.equal((await change([], { add: [a(1)] })).status, 200);
    assert.equal((await change([], { add: [a(2)] })).status, 412);
    assert.equal((await change([a(1, 60)], { add: [a(2)] })).status, 412);
    assert.equal((await change([a(1, 300)], { add: [text] })).status, 200);
    assert.equal((await change([a(1, 300)], { remove: [a(1)], types: null })).status, 412);
    assert.equal((await change([text, a(1)], { remove: [a(1)], types: null })).status, 200);
    assert.deepEqual(await atWww(), [text]);
  });

  test('the key of a change that was not carried out is free; that of another one answers as before', async () => {
    await reset(a(1));
    const key = newKey();
    assert.equal((await change([], { key, add: [a(2)] })).status, 412);
    const done = await change([a(1)], { key, add: [a(2)] });
    assert.equal(done.status, 200);
    assert.deepEqual((await change([], { key, add: [a(2)] })).body, done.body);
    assert.deepEqual((await change(null, { key, add: [a(2)] })).body, done.body);
    assert.deepEqual(await atWww(), [a(1), a(2)]);
  });

  test('a token is told, and has to expect, only what it may read', async () => {
    const rule = { zone, name: 'www', types: ['TXT'], allow: ['read', 'add', 'change', 'remove'] } as const;
    const rights = { rules: [rule], createZones: [], deleteZones: [], protectedTypes: [] };
    const by = await bench.token('shop', rights);
    const text = { name: www, type: 'TXT', ttl: 300, data: '"x"' };
    for (const hidden of [[], [a(1)]]) {
      await reset(...hidden);
      const wrong = await change([text], { add: [text], types: null }, by);
      assert.deepEqual([wrong.status, wrong.body['found']], [412, []]);
      const guess = await change([a(1)], { add: [text], types: null }, by);
      assert.deepEqual([guess.status, guess.body['found']], [412, []]);
      const right = await change([], { add: [text], types: null }, by);
      assert.deepEqual([right.status, await atWww(by)], [200, [text]]);
      const denied = await change([text], { add: [a(9)], types: null }, by);
      assert.equal(denied.status, 403);
    }
  });

  test('a wrong expectation is told before rights and record clashes are judged by it', async () => {
    await reset(a(1));
    const rule = { zone, name: 'www', types: '*', allow: ['read', 'change'] } as const;
    const rights = { rules: [rule], createZones: [], deleteZones: [], protectedTypes: [] };
    const by = await bench.token('shop', rights);
    assert.equal((await change([a(1)], { remove: [a(1)] }, by)).status, 403);
    assert.equal((await change([a(2)], { remove: [a(1)] }, by)).status, 412);
    const alias = { name: www, type: 'CNAME', ttl: 300, data: 'x.example.net.' };
    const clash = { add: [alias, a(2)] };
    assert.deepEqual([(await change([], clash)).status, (await change([a(1)], clash)).status], [412, 422]);
    await bench.setState('shop', 'read-only');
    assert.deepEqual([(await change([], clash)).status, (await change([a(1)], clash)).status], [412, 403]);
    await bench.setState('shop', 'active');
    assert.deepEqual(await atWww(), [a(1)]);
  });

  test('many at once with the same expectation: one is carried out, the others are told', async () => {
    await reset();
    const all = await Promise.all(
      Array.from({ length: 12 }, async (_, at) => await change([], { add: [a(at + 1)] })),
    );
    const done = all.filter(({ status }) => status === 200);
    assert.deepEqual([done.length, all.filter(({ status }) => status === 412).length], [1, 11]);
    assert.equal((await atWww()).length, 1);
  });

  test('shapes and names that are none are refused, and nothing is changed', async () => {
    await reset(a(1));
    const names = [www];
    const cases: readonly (readonly [number, unknown])[] = [
      [400, []],
      [400, { names: [], types: null, records: [] }],
      [400, { names, types: [], records: [] }],
      [400, { names, types: null }],
      [400, { names, types: null, records: [], more: 1 }],
      [400, { names: Array<string>(20_001).fill(www), types: null, records: [] }],
      [422, { names: ['www.other.example.'], types: null, records: [] }],
      [422, { names: ['a..b'], types: null, records: [] }],
      [422, { names, types: ['NOTYPE'], records: [] }],
      [422, { names, types: null, records: [{ ...a(1), data: 'no address' }] }],
    ];
    for (const [status, expect] of cases) {
      const body = { key: newKey(), remove: [], add: [a(2)], expect };
      const said = await ask('POST', `/v1/zones/${zone}/changes`, body);
      assert.deepEqual([said.status, said.body['state']], [status, 'untouched'], JSON.stringify(expect));
    }
    assert.deepEqual(await atWww(), [a(1)]);
  });
});
