/** What customers may try against each other and against the provider. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { text as readAll } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import { zoneName } from '../../dns/name.ts';
import { askGateway, type Said } from '../../testing/accounts/ask-gateway.ts';
import { startGatewayBench, type GatewayBench } from '../../testing/accounts/gateway.ts';
import { emptyZone as newZone } from '../../testing/accounts/shop-bench.ts';
import { missingPrograms } from '../../testing/servers/process.ts';

const providers = zoneName('provider.test');

describe('attacks on a gateway', { skip: missingPrograms('pdns_server') }, () => {
  let bench: GatewayBench;
  let token: string;
  before(async () => {
    bench = await startGatewayBench();
    token = await bench.token('shop');
    await bench.server.addZones([{ zone: providers, records: 'www 300 IN A 192.0.2.1' }]);
    for (const zone of ['one.example', 'two.example', 'moved.example'])
      assert.equal((await ask('POST', '/v1/zones', newZone(zone))).status, 201);
  });
  after(() => bench.stop());

  const ask = async (method: string, path: string, body?: unknown, by = token): Promise<Said> =>
    await askGateway(bench.url(), by, method, path, body);
  const change = (key: string, name: string, data = '192.0.2.9'): unknown => ({
    key,
    remove: [],
    add: [{ name, type: 'A', ttl: 60, data }],
  });
  const providersSerial = async (): Promise<string> =>
    JSON.parse((await bench.server.call('GET', `/zones/${providers}?rrsets=false`)).text).serial;

  /** Sends requests while the name server does not answer. @returns their answers, once it does */
  async function whileHalted(
    send: () => readonly Promise<Said>[],
    meanwhile?: () => Promise<void>,
  ): Promise<Said[]> {
    await bench.server.halt();
    const sent = send();
    // This later request needs no name server. Once it is answered, those before it have arrived.
    await ask('GET', '/v1/account');
    await meanwhile?.();
    bench.server.resume();
    return await Promise.all(sent);
  }

  test('a zone of the provider that nobody owns: a create never opens it, not even for a moment', async () => {
    const serial = await providersSerial();
    for (let round = 0; round < 5; round += 1) {
      const answers = await whileHalted(() => [
        ask('POST', '/v1/zones', newZone('provider.test')),
        ask('POST', `/v1/zones/provider.test/changes`, change(`steal-${round}-0001`, 'www.provider.test.')),
        ask('GET', '/v1/zones/provider.test/records'),
        ask('DELETE', '/v1/zones/provider.test'),
      ]);
      assert.deepEqual(
        answers.map(({ status }) => status),
        [409, 404, 404, 404],
      );
      const [read, deleted] = [
        await ask('GET', '/v1/zones/provider.test/records'),
        await ask('DELETE', '/v1/zones/provider.test'),
      ];
      assert.deepEqual([read.status, deleted.status], [404, 404]);
    }
    assert.equal(await providersSerial(), serial);
  });

  test('a gateway that is stopped during a create: the claim opens nothing', async () => {
    await bench.claim(providers, 'shop');
    assert.equal((await ask('GET', '/v1/zones/provider.test/records')).status, 404);
    const { body } = await ask('GET', '/v1/zones');
    assert.ok(!JSON.stringify(body).includes('provider.test'));
    await bench.drop(providers, 'shop');
  });

  test('below a zone of the provider, and at the top of the tree, nobody creates a zone', async () => {
    for (const [zone, status] of [
      ['child.provider.test', 409],
      ['a.b.provider.test', 409],
      ['org', 422],
      ['.', 422],
    ] as const) {
      for (const check of [true, false])
        assert.equal((await ask('POST', '/v1/zones', newZone(zone, check))).status, status, zone);
    }
  });

  test('what waits while the zone goes to somebody else is not carried out', async () => {
    const other = await bench.token('other');
    const path = '/v1/zones/moved.example';
    const answers = await whileHalted(
      () => [ask('POST', `${path}/changes`, change('moved-0001', 'www.moved.example.')), ask('DELETE', path)],
      async () => {
        await bench.transfer(zoneName('moved.example'), 'other');
      },
    );
    assert.equal(answers[1]?.status, 404);
    assert.equal((await ask('GET', `${path}/records`)).status, 404);
    assert.equal((await ask('GET', `${path}/records`, undefined, other)).status, 200);
  });

  test('a token that is revoked while its request is being sent writes nothing', async () => {
    const by = await bench.token('shop');
    const body = JSON.stringify(change('revoked-0001', 'revoked.one.example.'));
    const socket = connect(Number(new URL(bench.url()).port), '127.0.0.1');
    socket.write(
      `POST /v1/zones/one.example/changes HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer ${by}\r\n` +
        `Content-Length: ${Buffer.byteLength(body)}\r\nExpect: 100-continue\r\n\r\n`,
    );
    // The gateway asks for the body after it has looked at the head.
    await once(socket, 'data');
    await bench.revoke(by);
    socket.write(body);
    assert.match(await readAll(socket), /^HTTP\/1\.1 401 /mu);
    const { body: read } = await ask('GET', '/v1/zones/one.example/records?name=revoked.one.example');
    assert.deepEqual(read['records'], []);
  });

  test('one key for two zones at once is carried out once', async () => {
    const answers = await whileHalted(() =>
      ['one', 'two'].map((zone) =>
        ask('POST', `/v1/zones/${zone}.example/changes`, change('twice-0001', `twice.${zone}.example.`)),
      ),
    );
    assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200, 422]));
  });

  test('a denial does not tell what is there', async () => {
    const rule = { zone: 'one.example', name: 'else', types: '*', allow: ['read'] } as const;
    const rights = { rules: [rule], createZones: [], deleteZones: [], protectedTypes: [] };
    const by = await bench.token('shop', rights);
    const secret = { name: 'secret.one.example.', type: 'A', ttl: 60, data: '192.0.2.5' };
    await ask('POST', '/v1/zones/one.example/changes', { key: 'secret-0001', remove: [], add: [secret] });
    const told = async (parts: unknown): Promise<string> => {
      const body = { key: 'guess-00001', remove: [], add: [], ...Object(parts) };
      const said = await ask('POST', '/v1/zones/one.example/changes', body, by);
      return JSON.stringify([said.status, said.body['params']]).replace('absent', 'secret');
    };
    const guesses = [
      { add: [{ ...secret, data: '192.0.2.6' }] },
      { add: [{ ...secret, name: 'absent.one.example.' }] },
      { remove: [secret] },
      { remove: [{ ...secret, data: '192.0.2.6' }] },
    ];
    const all = await Promise.all(guesses.map(told));
    assert.equal(new Set(all).size, 1, all.join(' '));
  });

  test('connections without a request do not hold up a gateway that stops', async () => {
    const port = Number(new URL(bench.url()).port);
    const silent = connect(port, '127.0.0.1');
    const half = connect(port, '127.0.0.1');
    half.write('POST /v1/zones HTTP/1.1\r\nHost');
    await Promise.all([once(silent, 'connect'), once(half, 'connect')]);
    await ask('GET', '/v1/account');
    // A reset is a closed connection too.
    const closed = [silent, half].map(async (socket) => {
      await new Promise((resolve) => socket.on('error', () => undefined).once('close', resolve));
    });
    await bench.restart();
    await Promise.all(closed);
    assert.equal((await ask('GET', '/v1/account')).status, 200);
  });

  test('many records of many types at one name are judged in a moment', async () => {
    const add = Array.from({ length: 20_000 }, (_, at) => ({
      name: 'many.one.example.',
      ttl: 60,
      type: `TYPE${20_000 + at}`,
      data: String.raw`\# 0`,
    }));
    const by = await bench.token('shop', {
      rules: [{ zone: 'one.example', name: 'else', types: '*', allow: ['read'] }],
      createZones: [],
      deleteZones: [],
      protectedTypes: [],
    });
    const used = process.cpuUsage();
    const said = await ask(
      'POST',
      '/v1/zones/one.example/changes',
      { key: 'many-00001', remove: [], add },
      by,
    );
    const { user } = process.cpuUsage(used);
    assert.equal(said.status, 403);
    assert.ok(user < 5_000_000, `${user} µs`);
  });
});
