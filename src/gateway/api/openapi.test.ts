/** Every request of the API is made once, and its answer compared with what the OpenAPI document says. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import * as v from 'valibot';
import { sendToGateway } from '../../testing/accounts/ask-gateway.ts';
import { startGatewayBench, type GatewayBench } from '../../testing/accounts/gateway.ts';
import { pageOf } from '../../testing/docs-examples.ts';
import { missingPrograms } from '../../testing/servers/process.ts';
import { findRoute } from './route.ts';
import { routes } from './routes.ts';
import { problemBody } from './shapes.ts';

/** A request of this test, and the status that it is answered with. */
interface Example {
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly status: number;
  /** Whose token is sent; absent: the one that fits the route's audience. */
  readonly by?: 'taker';
}

const zone = '/v1/zones/shop.example';
const www = `${zone}/rrsets/www.shop.example/A`;
const operator = '/v1/operator';
const grants = `${operator}/zones/shop.example/grants`;
const record = { name: 'a.shop.example.', type: 'A', ttl: 60, data: '192.0.2.1' };
const newZone = { zone: 'shop.example', check: false, nameServers: ['ns1.example.net'], records: [record] };
const reading = {
  rules: [{ zone: 'shop.example', name: '@', types: ['A'], allow: ['read'] }],
  createZones: [],
  deleteZones: [],
  protectedTypes: [],
};
const jsonLines = { Accept: 'application/jsonl' };

const examples: readonly Example[] = [
  { method: 'GET', path: '/v1/openapi.json', status: 200 },
  { method: 'GET', path: '/v1/account', status: 200 },
  { method: 'GET', path: '/v1/account?x=1', status: 400 },
  { method: 'POST', path: '/v1/zones', body: { ...newZone, check: true }, status: 200 },
  { method: 'POST', path: '/v1/zones', body: newZone, status: 201 },
  { method: 'POST', path: '/v1/zones', body: newZone, status: 200 },
  {
    method: 'POST',
    path: '/v1/zones',
    body: { ...newZone, zone: 'foreign.example', records: [] },
    status: 409,
  },
  { method: 'POST', path: '/v1/zones', body: { ...newZone, zone: 'org', records: [] }, status: 422 },
  { method: 'POST', path: '/v1/zones', body: {}, status: 400 },
  { method: 'GET', path: '/v1/zones?limit=1', status: 200 },
  { method: 'GET', path: `${zone}/records`, status: 200 },
  { method: 'GET', path: `${zone}/records?name=a.shop.example&name=b.shop.example`, status: 200 },
  { method: 'GET', path: '/v1/zones/none.example/records', status: 404 },
  { method: 'GET', path: `${zone}/signing`, status: 200 },
  {
    method: 'POST',
    path: `${zone}/changes`,
    body: { key: 'openapi-0001', remove: [record], add: [] },
    status: 200,
  },
  {
    method: 'POST',
    path: `${zone}/changes`,
    body: { key: 'openapi-0001', remove: [], add: [] },
    status: 422,
  },
  {
    method: 'POST',
    path: `${zone}/changes`,
    body: 'x',
    headers: { 'Content-Type': 'text/plain' },
    status: 415,
  },
  { method: 'POST', path: `${zone}/changes`, body: 'x'.repeat(5_000_000), status: 413 },
  { method: 'POST', path: `${zone}/changes/withdraw`, body: { key: 'openapi-0001' }, status: 200 },
  { method: 'POST', path: `${zone}/changes/withdraw`, body: { key: 'openapi-0002' }, status: 200 },
  { method: 'PUT', path: www, body: { ttl: 60, data: ['192.0.2.1'] }, status: 200 },
  { method: 'PUT', path: www, body: { ttl: 60, data: ['x'] }, status: 422 },
  {
    method: 'PUT',
    path: www,
    body: { ttl: 60, data: ['192.0.2.1'] },
    headers: { 'If-None-Match': '*' },
    status: 412,
  },
  { method: 'GET', path: www, status: 200 },
  { method: 'GET', path: www, headers: { 'If-None-Match': '*' }, status: 304 },
  { method: 'GET', path: `${zone}/rrsets?limit=1`, status: 200 },
  { method: 'DELETE', path: www, status: 200 },
  { method: 'GET', path: www, status: 404 },
  { method: 'POST', path: `${operator}/customers`, body: { id: 'second' }, status: 201 },
  { method: 'POST', path: `${operator}/customers`, body: { id: 'second' }, status: 409 },
  { method: 'GET', path: `${operator}/customers?limit=1`, status: 200 },
  { method: 'GET', path: `${operator}/customers/second`, status: 200 },
  { method: 'GET', path: `${operator}/customers/nobody`, status: 404 },
  {
    method: 'PATCH',
    path: `${operator}/customers/second`,
    body: { state: 'active', limits: { zones: 3 } },
    status: 200,
  },
  { method: 'POST', path: `${operator}/customers/second/tokens`, body: { preset: 'panel' }, status: 201 },
  { method: 'POST', path: `${operator}/customers/second/tokens`, body: { preset: 'dyndns' }, status: 422 },
  { method: 'GET', path: `${operator}/customers/second/tokens`, status: 200 },
  { method: 'GET', path: `${operator}/customers/shop/zones`, status: 200 },
  {
    method: 'GET',
    path: `${operator}/tokens/TOKEN/explain?zone=shop.example&name=a.shop.example&type=A&verb=add`,
    status: 200,
  },
  { method: 'GET', path: `${operator}/tokens/TOKEN/explain?zone=shop.example`, status: 400 },
  { method: 'POST', path: `${operator}/tokens/TOKEN/rotate`, body: { overlap: 600_000 }, status: 200 },
  { method: 'POST', path: `${operator}/tokens/nobody/rotate`, body: { overlap: 0 }, status: 404 },
  { method: 'GET', path: `${operator}/zones/shop.example`, status: 200 },
  { method: 'POST', path: grants, body: { child: 'a.shop.example', customer: 'second' }, status: 200 },
  { method: 'POST', path: grants, body: { child: 'a.example', customer: 'second' }, status: 422 },
  { method: 'GET', path: `${grants}?limit=1`, status: 200 },
  { method: 'DELETE', path: `${grants}/a.shop.example/second`, status: 200 },
  { method: 'DELETE', path: `${grants}/a.shop.example/second`, status: 404 },
  {
    method: 'POST',
    path: `${operator}/zones/shop.example/transfer`,
    body: { customer: 'second' },
    status: 200,
  },
  { method: 'POST', path: `${operator}/zones/shop.example/release`, status: 200 },
  { method: 'POST', path: `${operator}/zones/shop.example/assign`, body: { customer: 'shop' }, status: 200 },
  {
    method: 'POST',
    path: `${operator}/zones/foreign.example/assign`,
    body: { customer: 'shop' },
    status: 409,
  },
  { method: 'GET', path: `${operator}/audit?limit=2`, status: 200 },
  { method: 'GET', path: `${operator}/audit?limit=2`, headers: jsonLines, status: 200 },
  { method: 'GET', path: `${operator}/audit/check`, status: 200 },
  { method: 'POST', path: `${operator}/audit/erase`, body: { client: '192.0.2.7' }, status: 200 },
  { method: 'POST', path: '/v1/tokens', body: { rights: reading }, status: 201 },
  { method: 'POST', path: '/v1/tokens', body: { rights: reading, networks: ['x'] }, status: 422 },
  { method: 'GET', path: '/v1/tokens', status: 200 },
  { method: 'POST', path: '/v1/tokens/MADE/rotate', body: { overlap: 60_000 }, status: 200 },
  { method: 'PATCH', path: '/v1/tokens/MADE', body: { rights: { ...reading, rules: [] } }, status: 200 },
  { method: 'PATCH', path: '/v1/tokens/MADE', body: { rights: reading }, status: 403 },
  { method: 'PATCH', path: '/v1/tokens/nobody', body: { rights: reading }, status: 404 },
  { method: 'DELETE', path: '/v1/tokens/MADE', status: 200 },
  { method: 'DELETE', path: '/v1/tokens/MADE', status: 404 },
  { method: 'POST', path: `${zone}/offer`, body: { withBelow: false }, status: 200 },
  { method: 'POST', path: `${zone}/take`, body: { code: 'CODE' }, by: 'taker', status: 200 },
  { method: 'POST', path: `${zone}/take`, body: { code: 'CODE' }, by: 'taker', status: 404 },
  { method: 'DELETE', path: '/v1/token', status: 200 },
  { method: 'DELETE', path: `${operator}/tokens/TOKEN`, status: 200 },
  { method: 'DELETE', path: `${operator}/tokens/TOKEN`, status: 404 },
  { method: 'DELETE', path: zone, status: 401 },
];

describe('the OpenAPI document', { skip: missingPrograms('pdns_server') }, () => {
  let bench: GatewayBench;
  let tokens: Readonly<Record<'customer' | 'operator' | 'holder' | 'taker', string>>;
  before(async () => {
    bench = await startGatewayBench();
    tokens = {
      customer: await bench.token('shop', undefined, [], { makesTokens: true }),
      taker: await bench.token('second-hand'),
      operator: await bench.operatorToken(),
      holder: await bench.token('shop'),
    };
    const other = { ...newZone, zone: 'foreign.example', records: [] };
    const by = await bench.token('other');
    const made = await sendToGateway(bench.url(), {
      token: by,
      method: 'POST',
      path: '/v1/zones',
      body: other,
    });
    assert.equal(made.status, 201, made.text);
  });
  after(() => bench.stop());

  /** Values of answers that later requests need. */
  const told: Record<string, string> = {};
  const remember = (path: string, answer: unknown): void => {
    const { id, code } = Object(answer);
    if (path === '/v1/tokens' && typeof id === 'string') told['MADE'] = id;
    if (typeof code === 'string') told['CODE'] = code;
  };

  /** Makes a request, and compares its answer with what the route says. @returns the statuses of the route */
  const checkExample = async ({ method, path, body, headers = {}, status, by }: Example): Promise<string> => {
    const [plain = ''] = path.split('?');
    const { route } = findRoute(routes, method, plain);
    const token = route.audience === 'anyone' ? '' : tokens[by ?? route.audience];
    const filled = (text: string): string => text.replace(/TOKEN|MADE|CODE/u, (word) => told[word] ?? word);
    const sent = body === undefined || typeof body === 'string' ? body : filled(JSON.stringify(body));
    const question = { token, method, path: filled(path), body: sent, headers };
    const answer = await sendToGateway(bench.url(), question);
    const name = `${method} ${path} ${answer.text.slice(0, 500)}`;
    assert.equal(answer.status, status, name);
    if (status >= 400) {
      assert.equal(answer.headers['content-type'], 'application/problem+json', name);
      v.parse(problemBody, JSON.parse(answer.text));
      assert.ok([400, 401, 403, 413, 415, 429, 503, ...route.refusals].includes(status), name);
      return `${method} ${route.path}`;
    }
    const promised = route.answers[status];
    assert.ok(promised !== undefined, name);
    for (const header of Object.keys(promised.headers ?? {}))
      assert.ok(answer.headers[header.toLowerCase()], name);
    if (headers === jsonLines && promised.line !== undefined)
      for (const line of answer.text.trimEnd().split('\n')) v.parse(promised.line, JSON.parse(line));
    else if (promised.body === null) assert.equal(answer.text, '');
    else remember(path, v.parse(promised.body, JSON.parse(answer.text)));
    return `${method} ${route.path}`;
  };

  test('every request is answered as it says, with nothing more and nothing less', async () => {
    told['TOKEN'] = tokens.customer.slice(4, 12);
    const called = new Set<string>();
    for (const example of examples) called.add(await checkExample(example));
    const all = routes.map(({ method, path }) => `${method} ${path}`);
    assert.deepEqual(new Set(all).difference(called), new Set());
    const deleted = { method: 'DELETE', path: zone, token: tokens.taker };
    const { status, text } = await sendToGateway(bench.url(), deleted);
    assert.deepEqual([status, text], [200, '{"result":"deleted"}']);
  });

  test('the gateway answers with the document of docs/, which names every route', async () => {
    const { text } = await sendToGateway(bench.url(), { token: '', method: 'GET', path: '/v1/openapi.json' });
    const document: unknown = JSON.parse(text);
    assert.deepEqual(document, JSON.parse(pageOf('openapi.json')));
    const paths = v.parse(
      v.object({ paths: v.record(v.string(), v.record(v.string(), v.unknown())) }),
      document,
    );
    const named = Object.entries(paths.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    assert.deepEqual(named.sort(), routes.map(({ method, path }) => `${method} ${path}`).sort());
  });
});
