/** Creates and deletes of zones that are sent again, perhaps long after. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { zoneName } from '../../dns/name.ts';
import type { Said } from '../../testing/accounts/ask-gateway.ts';
import { emptyZone, startShopBench, type ShopBench } from '../../testing/accounts/shop-bench.ts';
import { missingPrograms } from '../../testing/servers/process.ts';

describe('keys of creates and deletes of zones', { skip: missingPrograms('pdns_server') }, () => {
  let shop: ShopBench;
  before(async () => {
    shop = await startShopBench();
  });
  after(() => shop.bench.stop());

  const create = async (zone: string, key: string, body: object = {}): Promise<Said> =>
    await shop.ask('POST', '/v1/zones', { ...emptyZone(zone), ...body }, { 'Idempotency-Key': key });
  const remove = async (zone: string, key: string): Promise<Said> =>
    await shop.ask('DELETE', `/v1/zones/${zone}`, undefined, { 'Idempotency-Key': key });
  const told = ({ status, body }: Said): unknown => [status, body['result'] ?? body['code']];
  const isThere = async (zone: string): Promise<boolean> =>
    (await shop.ask('GET', `/v1/zones/${zone}/records`)).status === 200;

  test('a repetition answers the same, and neither makes nor deletes anything, however late it comes', async () => {
    const [made, gone] = [randomUUID(), randomUUID()];
    const created = [201, 'created'];
    assert.deepEqual(told(await create('late.example', made)), created);
    assert.deepEqual(told(await create('late.example', made)), created);
    assert.deepEqual(told(await remove('late.example', gone)), [200, 'deleted']);
    assert.deepEqual(told(await create('late.example', made)), created);
    assert.equal(await isThere('late.example'), false);
    assert.deepEqual(told(await create('late.example', randomUUID())), created);
    assert.deepEqual(told(await remove('late.example', gone)), [200, 'deleted']);
    assert.equal(await isThere('late.example'), true);
  });

  test('many at once with one key: one is carried out, and all hear of it', async () => {
    const [made, gone] = [randomUUID(), randomUUID()];
    const every = async (send: () => Promise<Said>): Promise<readonly unknown[]> =>
      (await Promise.all(Array.from({ length: 6 }, send))).map(told);
    const created = await every(async () => await create('once.example', made));
    assert.deepEqual(new Set(created.map(String)), new Set(['201,created']));
    const deleted = await every(async () => await remove('once.example', gone));
    assert.deepEqual(new Set(deleted.map(String)), new Set(['200,deleted']));
  });

  test('a key is for one request; `exists` is an answer like others; a question uses up no key', async () => {
    const key = randomUUID();
    assert.deepEqual(told(await create('key.example', key, { check: true })), [200, 'free']);
    assert.deepEqual(told(await create('key.example', key)), [201, 'created']);
    const exists = randomUUID();
    assert.deepEqual(told(await create('key.example', exists)), [200, 'exists']);
    for (const said of [
      await create('other.example', key),
      await create('key.example', key, { nameServers: ['ns2.example.net'] }),
      await remove('key.example', key),
      await shop.ask('POST', '/v1/zones/key.example/changes', { key, remove: [], add: [] }),
    ])
      assert.deepEqual(told(said), [422, 'gateway.key-reused']);
    const change = randomUUID();
    await shop.ask('POST', '/v1/zones/key.example/changes', { key: change, remove: [], add: [] });
    assert.deepEqual(told(await remove('key.example', change)), [422, 'gateway.key-reused']);
    await remove('key.example', randomUUID());
    assert.deepEqual(told(await create('key.example', exists)), [200, 'exists']);
    assert.equal(await isThere('key.example'), false);
  });

  test('a request that has failed leaves its key free; a withdrawn key is never carried out', async () => {
    const key = randomUUID();
    assert.deepEqual(told(await remove('none.example', key)), [404, 'central.missing']);
    await shop.bench.setState('shop', 'read-only');
    assert.deepEqual(told(await create('none.example', key)), [403, 'central.access-denied']);
    await shop.bench.setState('shop', 'active');
    assert.deepEqual(told(await create('none.example', key)), [201, 'created']);
    const withdrawn = randomUUID();
    await shop.ask('POST', '/v1/zones/none.example/changes/withdraw', { key: withdrawn });
    const late = await remove('none.example', withdrawn);
    assert.deepEqual([late.status, late.body['state']], [503, 'untouched']);
    assert.equal(await isThere('none.example'), true);
  });

  test('the answer stays when the zone has gone to somebody else, and when the gateway starts anew', async () => {
    const key = randomUUID();
    await create('gone.example', key);
    await shop.bench.token('other');
    await shop.bench.transfer(zoneName('gone.example'), 'other');
    await shop.bench.restart();
    assert.deepEqual(told(await create('gone.example', key)), [201, 'created']);
    assert.deepEqual(told(await create('gone.example', randomUUID())), [409, 'zone.foreign']);
  });
});
