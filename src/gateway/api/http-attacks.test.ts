/** What strangers and customers may try against the HTTP layer: octets, headers, slowness, connections. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { text as readAll } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import { askGateway, sendToGateway, type Said } from '../../testing/accounts/ask-gateway.ts';
import { startGatewayBench, type GatewayBench } from '../../testing/accounts/gateway.ts';
import { emptyZone, startShopBench, type ShopBench } from '../../testing/accounts/shop-bench.ts';
import { missingPrograms } from '../../testing/servers/process.ts';
import { makeToken } from '../rights/token.ts';

const json = { 'Content-Type': 'application/json' };
const newZone = emptyZone('shop.example');

describe('the HTTP layer of a gateway', { skip: missingPrograms('pdns_server') }, () => {
  let bench: GatewayBench;
  let token: string;
  let ask: ShopBench['ask'];
  before(async () => {
    ({ bench, token, ask } = await startShopBench());
  });
  after(() => bench.stop());

  const open = (): Socket => connect(Number(new URL(bench.url()).port), '127.0.0.1');
  const raw = async (...parts: readonly string[]): Promise<string> => {
    const socket = open();
    socket.end(parts.join(''), 'latin1');
    return await readAll(socket).catch(() => 'reset');
  };
  const login = (): string => `Host: x\r\nAuthorization: Bearer ${token}\r\n`;
  const change = (key: string, name: string): string =>
    JSON.stringify({ key, remove: [], add: [{ name, type: 'A', ttl: 60, data: '192.0.2.9' }] });
  const has = async (name: string): Promise<boolean> =>
    ((await ask('GET', `/v1/zones/shop.example/records?name=${name}`)).body['records'] as unknown[]).length >
    0;

  test('two lengths of one body, and other shapes of smuggling, carry out nothing', async () => {
    const inner = `POST /v1/zones/shop.example/changes HTTP/1.1\r\n${login()}Content-Length: `;
    const body = change('smuggled-0001', 'smuggled.shop.example.');
    const second = `${inner}${body.length}\r\n\r\n${body}`;
    const head = 'POST /v1/zones HTTP/1.1\r\nHost: x\r\n';
    for (const [name, request] of [
      ['both lengths', `${head}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${second}`],
      ['two Content-Length', `${head}Content-Length: 0\r\nContent-Length: ${second.length}\r\n\r\n${second}`],
      ['list of lengths', `${head}Content-Length: 0, ${second.length}\r\n\r\n${second}`],
      ['sign in a length', `${head}Content-Length: +0\r\n\r\n${second}`],
      ['chunked twice', `${head}Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n${second}`],
      ['chunked and not last', `${head}Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n${second}`],
      ['space before the colon', `${head}Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n${second}`],
      ['bare line feeds', `${head}X: a\n\n${second}`],
      ['folded header', `${head}X: a\r\n b\r\nContent-Length: 0\r\n\r\n${second}`],
      ['no number of a chunk', `${head}Transfer-Encoding: chunked\r\n\r\nx\r\n${second}`],
      [
        'a chunk longer than it says',
        `${head}Transfer-Encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n${second}`,
      ],
    ] as const) {
      const answer = await raw(request);
      assert.match(answer, /^(?:HTTP\/1\.1 40[01] |reset$|$)/u, `${name}: ${answer}`);
      assert.doesNotMatch(answer, /HTTP\/1\.1 200/u, name);
    }
    assert.equal(await has('smuggled.shop.example'), false);
  });

  test('a request whose body was not read ends its connection, so that the rest is no request', async () => {
    const body = change('second-00001', 'second.shop.example.');
    const second = `POST /v1/zones/shop.example/changes HTTP/1.1\r\n${login()}Content-Length: ${body.length}\r\n\r\n${body}`;
    const answer = await raw(
      `POST /v1/zones HTTP/1.1\r\nHost: x\r\nContent-Length: ${second.length + 9}\r\n\r\n${second}`,
    );
    assert.match(answer, /^(?:HTTP\/1\.1 401 [\s\S]*\r\nConnection: close\r\n|reset$)/u);
    assert.equal(await has('second.shop.example'), false);
  });

  test('pipelined requests are answered in their order, each with what it asked for', async () => {
    const paths = ['/v1/account', '/v1/zones', '/nowhere', '/v1/zones/shop.example/records', '/v1/zones'];
    const requests = paths.map((path, at) => {
      const close = at === paths.length - 1 ? 'Connection: close\r\n' : '';
      return `GET ${path} HTTP/1.1\r\n${login()}${close}\r\n`;
    });
    const socket = open();
    socket.write(requests.join(''));
    const answer = await readAll(socket);
    const statuses = [...answer.matchAll(/HTTP\/1\.1 (\d+)/gu)].map(([, status]) => status);
    assert.deepEqual(statuses, ['200', '200', '404', '200', '200']);
    const order = ['"customer"', '"zones"', 'no-such-path', '"records"'].map((text) => answer.indexOf(text));
    assert.deepEqual(
      order,
      order.toSorted((one, other) => one - other),
    );
    assert.ok(!order.includes(-1));
  });

  test('wrong types, encodings and headers', async () => {
    const path = '/v1/zones/shop.example/changes';
    const body = change('types-000001', 'types.shop.example.');
    for (const type of [
      'text/plain',
      'application/x-www-form-urlencoded',
      'application/json; charset=utf-16',
      'x',
    ])
      assert.equal((await ask('POST', path, body, { 'Content-Type': type })).status, 415, type);
    assert.equal((await ask('POST', path, body, { ...json, 'Content-Encoding': 'gzip' })).status, 415);
    assert.equal(await has('types.shop.example'), false);
    for (const type of ['application/json', 'Application/JSON; charset="UTF-8"'])
      assert.equal((await ask('POST', path, body, { 'Content-Type': type })).status, 200, type);
    const octets = await raw(
      `POST ${path} HTTP/1.1\r\n${login()}Connection: close\r\nContent-Length: 3\r\n\r\n"\u00ff"`,
    );
    assert.match(octets, /^HTTP\/1\.1 400 /u);
    const none = await raw(`POST ${path} HTTP/1.1\r\n${login()}Connection: close\r\n\r\n`);
    assert.match(none, /^HTTP\/1\.1 400 /u);
    for (const headers of [
      `Authorization: Bearer ${token}\r\nAuthorization: Bearer ${makeToken().text}\r\n`,
      `Authorization: Bearer ${token}, Bearer x\r\n`,
      `Authorization: Basic ${token}\r\n`,
      `X-API-Key: ${token}\r\n`,
      '',
    ]) {
      const answer = await raw(`GET /v1/account HTTP/1.1\r\nHost: x\r\n${headers}Connection: close\r\n\r\n`);
      assert.match(answer, /^HTTP\/1\.1 401 [\s\S]*WWW-Authenticate: Bearer\r\n/u, headers);
    }
    assert.match(await raw('GET /v1/account HTTP/1.1\r\n\r\n'), /^HTTP\/1\.1 400 /u, 'no Host');
  });

  test('paths: decoded once, after they are split, and nothing reaches another route', async () => {
    for (const [path, status] of [
      ['/v1/zones/shop.example%2Frecords', 405],
      ['/v1/zones/shop%252Eexample/records', 404],
      ['/v1/zones/shop%2Eexample/records', 200],
      ['/v1/zones/SHOP.example./records', 200],
      ['/v1/zones/shop.example%00/records', 404],
      ['/v1/zones/shop=2Eexample/records', 404],
      ['/v1/zones/%2e%2e/records', 422],
      ['/v1/zones/%zz/records', 400],
      ['/v1/zones/%ff/records', 400],
      ['/v1/zones//records', 404],
      ['/v1//zones', 404],
      ['/v1/zones/', 404],
      ['//v1/zones', 404],
      ['/v1/zones/./account', 404],
      ['/v1/zones/shop.example/../../account', 404],
      ['/v1/zones/shop.example/records/', 404],
      ['/V1/zones', 404],
      [`/v1/zones/${'a.'.repeat(2_000)}/records`, 422],
      [`/v1${'/zones'.repeat(1_000)}`, 404],
    ] as const) {
      const said = await ask('GET', path);
      assert.equal(said.status, status, `${path.slice(0, 60)} ${JSON.stringify(said.body)}`);
    }
    for (const target of ['http://x/v1/account', '*', 'v1/account', '/v1/account#x']) {
      const answer = await raw(`GET ${target} HTTP/1.1\r\n${login()}Connection: close\r\n\r\n`);
      assert.doesNotMatch(answer, /^HTTP\/1\.1 200/u, target);
    }
    assert.equal((await ask('POST', '/v1/account')).headers['allow'], 'GET');
  });

  test('bodies: oversize, deep, with keys that are none of ours', async () => {
    const path = '/v1/zones/shop.example/changes';
    const deep = '['.repeat(100_000);
    for (const [body, status] of [
      [deep, 400],
      [`${deep}${']'.repeat(100_000)}`, 400],
      [`{"key":${'{"a":'.repeat(50_000)}1${'}'.repeat(50_000)}}`, 400],
      ['{"key":"proto-00001","remove":[],"add":[],"__proto__":{"x":1}}', 400],
      ['{"key":"ctor-000001","remove":[],"add":[],"constructor":1}', 400],
      ['{"key":"twice-00001","key":"twice-00002","remove":[],"add":[]}', 200],
      ['null', 400],
      ['[]', 400],
      ['1e999', 400],
      [`{"key":"big-0000001","remove":[],"add":[${'1,'.repeat(1_000_000)}1]}`, 400],
      [`"${'x'.repeat(5 * 1024 * 1024)}"`, 413],
    ] as const) {
      const said = await ask('POST', path, body, json);
      assert.equal(said.status, status, `${body.slice(0, 60)} ${JSON.stringify(said.body).slice(0, 200)}`);
      assert.ok(JSON.stringify(said.body).length < 30_000);
    }
    assert.equal((await ask('GET', '/v1/zones', { a: 1 }, json)).status, 400, 'a body where none is wanted');
  });

  test('headers: too large, too many', async () => {
    for (const headers of [
      `X: ${'x'.repeat(20_000)}\r\n`,
      Array.from({ length: 3_000 }, (_, at) => `X-${at}: y\r\n`).join(''),
    ])
      assert.match(
        await raw(`GET /v1/account HTTP/1.1\r\n${login()}${headers}\r\n`),
        /^(?:HTTP\/1\.1 431 |reset$)/u,
      );
    assert.match(
      await raw(`GET /v1/account?${'x'.repeat(20_000)} HTTP/1.1\r\n${login()}\r\n`),
      /^(?:HTTP\/1\.1 (?:431|414) |reset$)/u,
    );
    const many = `?${Array.from({ length: 600 }, (_, at) => `name=n${at}.x`).join('&')}`;
    assert.equal((await ask('GET', `/v1/zones/shop.example/records${many}`)).status, 400);
  });

  test('the same key many times at once is carried out once', async () => {
    const path = '/v1/zones/shop.example/changes';
    const send = async (name: string): Promise<Said> =>
      await ask('POST', path, change('at-once-0001', name), json);
    const same = await Promise.all(Array.from({ length: 10 }, async () => await send('once.shop.example.')));
    assert.equal(new Set(same.map(({ status, body }) => JSON.stringify([status, body]))).size, 1);
    const serials = same.map(({ body }) => (body['added'] as unknown[]).length);
    assert.deepEqual(new Set(serials), new Set([1]));
    const replay = await send('replayed.shop.example.');
    assert.deepEqual([replay.status, replay.body['code']], [422, 'gateway.key-reused']);
    assert.equal(await has('replayed.shop.example'), false);
  });

  test('a wrong token is answered the same, headers too, whether its id exists or not', async () => {
    const known = `${token.slice(0, 12)}${makeToken().text.slice(12)}`;
    const answers: string[] = [];
    for (const [name, text] of [
      ['known', known],
      ['unknown', makeToken().text],
    ] as const) {
      const said = await askGateway(bench.url(), text, 'GET', '/v1/account');
      const { instance: _own, ...body } = said.body;
      answers.push(JSON.stringify([said.status, body, Object.keys(said.headers).sort()]));
      assert.equal(said.status, 401, name);
    }
    assert.equal(new Set(answers).size, 1);
  });

  test('no answer is stored by proxies, and none can be read by web pages of others', async () => {
    const { headers } = await ask('GET', '/v1/account', undefined, { Origin: 'https://evil.example' });
    assert.equal(headers['cache-control'], 'no-store');
    assert.equal(headers['access-control-allow-origin'], undefined);
    assert.match(String(headers['x-request-id']), /^[0-9a-f]{16}$/u);
    const own = await ask('GET', '/v1/account', undefined, { 'X-Request-Id': 'mine' });
    assert.notEqual(own.headers['x-request-id'], 'mine');
  });
});

describe('limits of a gateway', { skip: missingPrograms('pdns_server') }, () => {
  const sending = 1_500;
  let bench: GatewayBench;
  let token: string;
  before(async () => {
    bench = await startGatewayBench(
      {},
      { requests: 40, writes: 4, logins: 3, connections: 12, connectionsByAddress: 8, sending, idle: 500 },
    );
    token = await bench.token('shop');
  });
  after(() => bench.stop());

  const open = (): Socket => {
    const socket = connect(Number(new URL(bench.url()).port), '127.0.0.1');
    // How a connection ends is not asked here, only that it does.
    socket.on('error', () => undefined);
    return socket;
  };

  test('over the limit of writes: 429, when to come again, and nothing is changed', async () => {
    const by = await bench.token('writer');
    const create = async (): Promise<Said> =>
      await askGateway(bench.url(), by, 'POST', '/v1/zones', { ...newZone, zone: 'writer.example' });
    for (let at = 0; at < 4; at += 1) assert.ok([200, 201].includes((await create()).status));
    const said = await create();
    const { code, state, retry } = said.body;
    assert.deepEqual([said.status, code, state, retry], [429, 'central.busy', 'untouched', 'later']);
    assert.deepEqual(said.body['violated-policies'], ['writes']);
    assert.match(String(said.headers['retry-after']), /^(?:[1-9]|1[0-5])$/u);
    assert.match(String(said.headers['ratelimit']), /"writes";r=0;t=\d+$/u);
    assert.equal(said.headers['ratelimit-policy'], '"requests";q=40;w=60, "writes";q=4;w=60');
    assert.equal((await askGateway(bench.url(), by, 'GET', '/v1/zones')).status, 200, 'reads go on');
    assert.equal(
      (await askGateway(bench.url(), token, 'POST', '/v1/zones', newZone)).status,
      201,
      'others too',
    );
  });

  test('tokens that a token has made have no limit of their own', async () => {
    const by = await bench.token('many', undefined, [], { makesTokens: true });
    const rights = { rules: [], createZones: [], deleteZones: [], protectedTypes: [] };
    const made: Said[] = [];
    for (let at = 0; at < 4; at += 1)
      made.push(await askGateway(bench.url(), by, 'POST', '/v1/tokens', { rights }));
    assert.deepEqual(new Set(made.map(({ status }) => status)), new Set([201]));
    const child = String(made[0]?.body['token']);
    const said = await askGateway(bench.url(), child, 'POST', '/v1/tokens', { rights });
    assert.deepEqual([said.status, said.body['violated-policies']], [429, ['writes']]);
  });

  test('a client that does not take its answer is cut off', async () => {
    const by = await bench.token('unread');
    const records = Array.from({ length: 4_000 }, (_, at) => {
      return { name: `h${at}.unread.example.`, type: 'TXT', ttl: 60, data: `"${'x'.repeat(250)}"` };
    });
    const made = { ...newZone, zone: 'unread.example', records };
    const created = await askGateway(bench.url(), by, 'POST', '/v1/zones', made);
    assert.equal(created.status, 201, JSON.stringify(created.body));
    const path = '/v1/zones/unread.example/records';
    const socket = open();
    socket.pause();
    // More than the buffers of both sockets hold.
    const one = `GET ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${by}\r\n\r\n`;
    socket.write(one.repeat(12));
    const connections = async (): Promise<string> => {
      const { text } = await sendToGateway(bench.statusUrl(), { token: '', method: 'GET', path: '/metrics' });
      return /^domainsync_gateway_connections (\d+)$/mu.exec(text)?.[1] ?? '';
    };
    while ((await connections()) === '0');
    while ((await connections()) !== '0');
    socket.destroy();
  });

  test('wrong tokens: 401, then 429; a token that was used before goes on', async () => {
    assert.equal((await askGateway(bench.url(), token, 'GET', '/v1/account')).status, 200);
    const fresh = await bench.token('shop');
    const statuses: number[] = [];
    for (let at = 0; at < 6; at += 1)
      statuses.push((await askGateway(bench.url(), makeToken().text, 'GET', '/v1/account')).status);
    assert.deepEqual(statuses, [401, 401, 401, 429, 429, 429]);
    assert.equal((await askGateway(bench.url(), fresh, 'GET', '/v1/account')).status, 429);
    assert.equal((await askGateway(bench.url(), token, 'GET', '/v1/account')).status, 200);
  });

  test('an agent that hears 429 tells the user to try again, and does not take it for an outage', async () => {
    const by = await bench.token('reader');
    for (let at = 0; at < 40; at += 1) await askGateway(bench.url(), by, 'GET', '/v1/account');
    const central = bench.central('reader', by);
    const ctx = { signal: AbortSignal.timeout(10_000), operation: '-' };
    await assert.rejects(central.check(ctx), { code: 'central.busy', state: 'untouched', retry: 'later' });
    await central.close();
  });

  test('too many connections from one address are closed, and others are served again later', async () => {
    const sockets = Array.from({ length: 8 }, open);
    await Promise.all(sockets.map(async (socket) => await once(socket, 'connect')));
    const one = open();
    await closeOf(one);
    for (const socket of sockets) socket.destroy();
    await Promise.all(sockets.map(closeOf));
    const closed = async (): Promise<boolean> => {
      try {
        return (await askGateway(bench.url(), token, 'GET', '/v1/account')).status === 200;
      } catch {
        return false;
      }
    };
    while (!(await closed()));
    const { text } = await sendToGateway(bench.statusUrl(), { token: '', method: 'GET', path: '/metrics' });
    assert.match(text, /^domainsync_gateway_connections_refused_total\{reason="address"\} [1-9]/mu);
  });

  test('silent connections, and requests that come octet by octet, are closed', async () => {
    const begun = performance.now();
    const [silent, slow, body, idle] = [open(), open(), open(), open()];
    slow.write('GET /v1/account HTTP/1.1\r\nX: ');
    body.write(
      `POST /v1/zones HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\nContent-Length: 900\r\n\r\n{`,
    );
    idle.write(`GET /v1/account HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\n\r\n`);
    const drips = [slow, body].map((socket) => setInterval(() => socket.write(' '), 100));
    try {
      await Promise.all(
        [silent, slow, body, idle].map(async (socket) => {
          socket.resume();
          await closeOf(socket);
        }),
      );
    } finally {
      for (const drip of drips) clearInterval(drip);
    }
    assert.ok(performance.now() - begun >= sending * 0.9);
  });
});

/** Resolves when the socket is closed, also after an error such as a reset. */
async function closeOf(socket: Socket): Promise<void> {
  if (socket.closed) return;
  await new Promise((resolve) => socket.once('close', resolve));
}
