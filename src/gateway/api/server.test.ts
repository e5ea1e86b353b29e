import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { text as readAll } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import { zoneName } from '../../dns/name.ts';
import type { GatewayBench } from '../../testing/accounts/gateway.ts';
import { startShopBench } from '../../testing/accounts/shop-bench.ts';
import { askGateway, type Said } from '../../testing/accounts/ask-gateway.ts';
import { missingPrograms } from '../../testing/servers/process.ts';
import { presetRights } from '../rights/presets.ts';
import { makeToken } from '../rights/token.ts';

const record = { name: 'www.shop.example.', type: 'A', ttl: 300, data: '192.0.2.1' };
let keys = 0;

/** A key that no other change of these tests has. */
function newKey(): string {
  keys += 1;
  return `test-key-${keys}`;
}

describe('the API of a gateway', { skip: missingPrograms('pdns_server') }, () => {
  let bench: GatewayBench;
  let token: string;
  before(async () => {
    ({ bench, token } = await startShopBench());
  });
  after(() => bench.stop());

  const ask = async (method: string, path: string, body?: unknown, by = token): Promise<Said> =>
    await askGateway(bench.url(), by, method, path, body);
  const change = async (
    key: string,
    parts: { remove?: unknown[]; add?: unknown[] },
    by = token,
  ): Promise<Said> =>
    await ask('POST', '/v1/zones/shop.example/changes', { key, remove: [], add: [], ...parts }, by);
  const serial = async (): Promise<string> => {
    const { body } = await ask('GET', '/v1/zones/shop.example/records?name=shop.example');
    const soa = (body['records'] as { type: string; data: string }[]).find(({ type }) => type === 'SOA');
    return soa?.data ?? '';
  };

  test('a change is carried out and read back; the same key again answers the same and writes nothing', async () => {
    const key = newKey();
    const first = await change(key, { add: [record] });
    assert.deepEqual(first.body, { removed: [], added: [record] });
    assert.equal(first.status, 200);
    const written = await serial();
    const again = await change(key, { add: [record] });
    assert.deepEqual([again.status, again.body], [first.status, first.body]);
    assert.equal(await serial(), written);
    const { body } = await ask('GET', '/v1/zones/shop.example/records?name=www.shop.example');
    assert.deepEqual(body['records'], [record]);
    const other = await change(key, { remove: [record] });
    assert.deepEqual(
      [other.status, other.body['code'], other.body['state']],
      [422, 'gateway.key-reused', 'untouched'],
    );
    assert.equal(other.type, 'application/problem+json');
  });

  test('a withdrawn key is never carried out; a withdrawal of what is done tells the outcome', async () => {
    const key = newKey();
    const path = '/v1/zones/shop.example/changes/withdraw';
    const withdrawn = await ask('POST', path, { key });
    assert.deepEqual(
      [withdrawn.status, withdrawn.body['outcome'], withdrawn.body['state']],
      [200, 'failed', 'untouched'],
    );
    const late = { ...record, name: 'late.shop.example.' };
    const refused = await change(key, { add: [late] });
    assert.deepEqual([refused.status, refused.body['state']], [503, 'untouched']);
    const { body } = await ask('GET', '/v1/zones/shop.example/records?name=late.shop.example');
    assert.deepEqual(body['records'], []);
    const done = newKey();
    await change(done, { add: [late] });
    const told = await ask('POST', path, { key: done });
    assert.deepEqual(told.body, { outcome: 'done', removed: [], added: [late] });
  });

  test('whatever is wrong with a token: the same answer', async () => {
    const revoked = await bench.token('shop');
    await bench.revoke(revoked);
    const elsewhere = await bench.token('shop', undefined, ['192.0.2.0/24']);
    const answers = [];
    for (const by of [
      '',
      'nonsense',
      makeToken().text,
      revoked,
      elsewhere,
      `${token.slice(0, -1)}${token.endsWith('x') ? 'y' : 'x'}`,
    ]) {
      const { status, body } = await ask('GET', '/v1/zones', undefined, by);
      const { instance: _own, ...rest } = body;
      answers.push(JSON.stringify([status, rest]));
    }
    assert.equal(new Set(answers).size, 1, answers.join('\n'));
    assert.match(answers[0] ?? '', /^\[401,.*central\.login/u);
    const known = await bench.token('shop', undefined, ['127.0.0.0/8', '::1/128']);
    assert.equal((await ask('GET', '/v1/zones', undefined, known)).status, 200);
  });

  test('not there, not yours, not to be seen: the same answer', async () => {
    const other = await bench.token('other');
    const acme = await bench.token('shop', presetRights('acme', ['else.example'], []));
    const answers = [];
    for (const [zone, by] of [
      ['nowhere.example', token],
      ['shop.example', other],
      ['shop.example', acme],
    ] as const) {
      for (const [method, end, body] of [
        ['GET', '/records', undefined],
        ['GET', '/signing', undefined],
        ['POST', '/changes', { key: newKey(), remove: [], add: [] }],
        ['DELETE', '', undefined],
      ] as const) {
        const said = await ask(method, `/v1/zones/${zone}${end}`, body, by);
        const { instance: _own, ...rest } = said.body;
        answers.push(JSON.stringify([said.status, rest]));
      }
    }
    assert.equal(new Set(answers).size, 1, answers.join('\n'));
    assert.match(answers[0] ?? '', /^\[404,/u);
  });

  test('a zone of another customer, and what is above or below it, cannot be created', async () => {
    const other = await bench.token('other');
    for (const zone of ['shop.example', 'a.shop.example', 'SHOP.example.']) {
      for (const check of [true, false]) {
        const said = await ask('POST', '/v1/zones', { zone, check, nameServers: [], records: [] }, other);
        assert.deepEqual([said.status, said.body['code']], [409, 'zone.foreign'], zone);
      }
    }
    const { body } = await ask('GET', '/v1/zones', undefined, other);
    assert.deepEqual(body['zones'], []);
  });

  test('a token does what its rules name, and sees nothing else', async () => {
    const acme = await bench.token('shop', presetRights('acme', ['shop.example'], ['www']));
    const challenge = { name: '_acme-challenge.www.shop.example.', type: 'TXT', ttl: 60, data: '"proof"' };
    for (const denied of [
      record,
      { ...challenge, name: '_acme-challenge.mail.shop.example.' },
      { ...challenge, name: 'www.else.example.' },
    ]) {
      const said = await change(newKey(), { add: [challenge, denied] }, acme);
      assert.ok([403, 422].includes(said.status), JSON.stringify(said));
      assert.equal(said.body['state'], 'untouched');
    }
    assert.equal((await change(newKey(), { add: [challenge] }, acme)).status, 200);
    const { body } = await ask('GET', '/v1/zones/shop.example/records', undefined, acme);
    const seen = (body['records'] as { name: string; type: string }[]).map(
      ({ name, type }) => `${name} ${type}`,
    );
    assert.deepEqual(
      seen.filter((one) => !/^shop\.example\. (?:SOA|NS)$/u.test(one)),
      ['_acme-challenge.www.shop.example. TXT'],
    );
    assert.equal((await ask('DELETE', '/v1/zones/shop.example', undefined, acme)).status, 403);
  });

  test('the content of a new zone needs the same rights as a change', async () => {
    const rights = presetRights('panel', ['**'], []);
    const by = await bench.token('fourth', {
      ...rights,
      rules: rights.rules.map((rule) => ({ ...rule, types: ['A'] })),
    });
    const zone = { zone: 'fourth.example', check: false, nameServers: ['ns1.example.net'] };
    const text = { name: 'fourth.example.', type: 'TXT', ttl: 60, data: '"x"' };
    const outside = { name: 'www.shop.example.', type: 'A', ttl: 60, data: '192.0.2.1' };
    for (const [one, status] of [
      [text, 403],
      [outside, 403],
    ] as const) {
      const said = await ask('POST', '/v1/zones', { ...zone, records: [one] }, by);
      assert.equal(said.status, status, JSON.stringify(said));
    }
    assert.deepEqual((await ask('GET', '/v1/zones', undefined, by)).body['zones'], []);
    assert.equal((await ask('POST', '/v1/zones', { ...zone, records: [] }, by)).status, 201);
  });

  test('another token of the customer learns nothing by a key', async () => {
    const key = newKey();
    assert.equal((await change(key, { add: [{ ...record, data: '192.0.2.77' }] })).status, 200);
    const second = await bench.token('shop');
    const path = '/v1/zones/shop.example/changes/withdraw';
    const said = await ask('POST', path, { key }, second);
    assert.deepEqual([said.body['outcome'], said.body['state']], ['failed', 'untouched']);
    assert.equal((await ask('POST', path, { key })).body['outcome'], 'done');
  });

  test('a read-only customer reads, a suspended one does nothing', async () => {
    const by = await bench.token('third');
    await bench.setState('third', 'read-only');
    const zone = { zone: 'third.example', check: false, nameServers: [], records: [] };
    assert.equal((await ask('POST', '/v1/zones', zone, by)).status, 403);
    assert.equal((await ask('GET', '/v1/zones', undefined, by)).status, 200);
    await bench.setState('third', 'suspended');
    assert.equal((await ask('GET', '/v1/zones', undefined, by)).status, 403);
  });

  test('wrong requests: said in whole, and nothing is changed', async () => {
    const written = await serial();
    const bad = { name: 'www.shop.example', type: 'A', ttl: -1, data: '192.0.2.1', disabled: true };
    const cases: readonly (readonly [number, string, string, unknown])[] = [
      [400, 'POST', '/v1/zones/shop.example/changes', '{"key": "cut off'],
      [400, 'POST', '/v1/zones/shop.example/changes', undefined],
      [400, 'POST', '/v1/zones/shop.example/changes', { key: 'short', remove: [], add: [bad] }],
      [400, 'GET', '/v1/zones/%zz/records', undefined],
      [405, 'GET', '/v1/zones/shop.example%2Frecords', undefined],
      [404, 'GET', '/v2/zones', undefined],
      [404, 'GET', '/v1/zones/shop.example/../account/records', undefined],
      [405, 'PUT', '/v1/zones', undefined],
      [413, 'POST', '/v1/zones/shop.example/changes', 'x'.repeat(5 * 1024 * 1024)],
      [422, 'GET', '/v1/zones/a..b/records', undefined],
      [
        422,
        'POST',
        '/v1/zones/shop.example/changes',
        { key: newKey(), remove: [], add: [{ ...record, data: 'no address' }] },
      ],
      [
        403,
        'POST',
        '/v1/zones/shop.example/changes',
        { key: newKey(), remove: [], add: [{ ...record, name: 'www.other.example.' }] },
      ],
    ];
    for (const [status, method, path, body] of cases) {
      const said = await ask(method, path, body);
      assert.equal(said.status, status, `${method} ${path} ${JSON.stringify(said.body)}`);
      assert.equal(said.type, 'application/problem+json');
      assert.equal(said.body['state'], 'untouched');
    }
    const twice = await change(newKey(), {
      add: [
        { ...record, data: 'x' },
        { ...record, data: 'y' },
      ],
    });
    assert.equal((twice.body['problems'] as unknown[]).length, 2);
    assert.equal(await serial(), written);
  });

  test('octets that are no request, and a request that ends in the middle, harm nobody', async () => {
    const port = Number(new URL(bench.url()).port);
    for (const octets of [
      '\u0016\u0003\u0001',
      `POST /v1/zones HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\nContent-Length: 50\r\n\r\n{`,
    ]) {
      const socket = connect(port, '127.0.0.1');
      socket.end(octets);
      await readAll(socket).catch(() => '');
    }
    assert.equal((await ask('GET', '/v1/account')).status, 200);
  });

  test('a change that a stopped gateway left without an outcome: nobody claims to know', async () => {
    const key = newKey();
    await bench.accept('shop', token, key, zoneName('shop.example'));
    await bench.restart();
    const said = await ask('POST', '/v1/zones/shop.example/changes/withdraw', { key });
    assert.deepEqual(said.body, { outcome: 'interrupted' });
    const again = await change(key, {});
    assert.equal(again.body['code'], 'gateway.key-reused');
  });

  test('the name server is down: an outage, and never a refused login', async () => {
    await bench.server.stop();
    const said = await change(newKey(), { add: [{ ...record, data: '192.0.2.9' }] });
    assert.deepEqual(
      [said.status, said.body['code'], said.body['retry']],
      [503, 'central.unreachable', 'later'],
    );
    await bench.server.start();
    assert.equal((await change(newKey(), { add: [{ ...record, data: '192.0.2.9' }] })).status, 200);
  });

  test('a second gateway in the same folder is refused', async () => {
    await assert.rejects(bench.second(), { code: 'storage.in-use' });
  });
});
