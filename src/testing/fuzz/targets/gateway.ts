import assert from 'node:assert/strict';
import type { IncomingHttpHeaders } from 'node:http';
import { parseName } from '../../../dns/name.ts';
import { DnsDataError } from '../../../dns/problem.ts';
import { ApiRefusal } from '../../../gateway/api-refusal.ts';
import { clientAddress, clientNetwork } from '../../../gateway/api/address.ts';
import { pageOf } from '../../../gateway/api/paging.ts';
import { headersOf, tokenIn } from '../../../gateway/api/read-request.ts';
import { checkQueryAndBody, findRoute } from '../../../gateway/api/route.ts';
import { routes } from '../../../gateway/api/routes.ts';
import { readToken } from '../../../gateway/rights/token.ts';
import {
  absoluteName,
  expectationFromWire,
  expectationToWire,
  fromWire,
  toWire,
} from '../../../net/gateway/wire.ts';
import { defineTarget, fieldsIn, textIn, type Target } from '../target.ts';

/** A request as the fuzzer makes it. */
function requestIn(input: string): {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly headers: Readonly<Record<string, string[]>>;
  readonly body: unknown;
} {
  const { method, path, query, headers, body = null } = fieldsIn(input) ?? {};
  const pairs = typeof headers === 'object' && headers !== null ? Object.entries(headers) : [];
  return {
    method: textIn(method),
    path: textIn(path),
    query: textIn(query),
    headers: Object.fromEntries(
      pairs.map(([name, value]) => [
        name.toLowerCase(),
        Array.isArray(value) ? value.map(textIn) : [textIn(value)],
      ]),
    ),
    body,
  };
}

function plainHeaders(headers: Readonly<Record<string, string[]>>): IncomingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).map(([name, [value = '']]) => [name, value]));
}

const record = { name: 'www.example.org.', type: 'A', ttl: 60, data: '192.0.2.1' };
const token = 'dsg_abcdefgh_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ';
const login = { authorization: `Bearer ${token}` };
const zone = '/v1/zones/example.org';
const rule = { zone: '**', name: '@', types: ['A'], allow: ['read', 'add'] };
const rights = { rules: [rule], createZones: ['**'], deleteZones: [], protectedTypes: ['CAA'] };

const requests: readonly Readonly<Record<string, unknown>>[] = [
  { method: 'GET', path: '/v1/account', headers: login },
  { method: 'GET', path: '/v1/zones', query: 'limit=10&cursor=ZXhhbXBsZS5vcmcu', headers: login },
  {
    method: 'POST',
    path: '/v1/zones',
    body: { zone: 'example.org', check: true, nameServers: ['ns1.example.net'], records: [record] },
  },
  { method: 'GET', path: `${zone}/records`, query: 'name=www.example.org&name=a%2Eexample.org.' },
  {
    method: 'POST',
    path: `${zone}/changes`,
    body: { key: 'abcdefgh-0001', remove: [record], add: [record] },
  },
  {
    method: 'POST',
    path: `${zone}/changes`,
    body: {
      key: 'abcdefgh-0003',
      remove: [],
      add: [record],
      expect: { names: ['www.example.org'], types: ['A', 'CNAME'], records: [{ ...record, ttl: null }] },
    },
  },
  {
    method: 'POST',
    path: `${zone}/changes`,
    headers: { 'Idempotency-Key': '"abcdefgh-0002"' },
    body: { remove: [], add: [{ ...record, type: 'TXT', data: '"a" "b\\034"', ttl: null }] },
  },
  {
    method: 'PUT',
    path: `${zone}/rrsets/www.example.org/A`,
    headers: { 'If-Match': '"0123", W/"x"', 'If-None-Match': '*' },
    body: { ttl: 60, data: ['192.0.2.1'] },
  },
  {
    method: 'GET',
    path: `${zone}/rrsets`,
    query: 'type=A&type=TXT&limit=2',
    headers: { Accept: 'application/jsonl' },
  },
  { method: 'POST', path: '/v1/operator/customers', body: { id: 'shop-17', limits: { zones: 3 } } },
  {
    method: 'POST',
    path: '/v1/operator/customers/shop-17/tokens',
    body: { rights, networks: ['192.0.2.0/24'] },
  },
  {
    method: 'GET',
    path: '/v1/operator/tokens/abcdefgh/explain',
    query: 'zone=example.org&name=www.example.org&type=A&verb=add',
  },
  {
    method: 'POST',
    path: `/v1/operator${zone.slice(3)}/transfer`,
    body: { customer: 'shop-18', withBelow: true },
  },
  { method: 'GET', path: '/v1/operator/audit', query: 'cursor=17&limit=3' },
  { method: 'DELETE', path: '/v1/nowhere' },
];

const words = [
  '%2F',
  '%2E',
  '%00',
  '%25',
  '%zz',
  '..',
  '//',
  '\\046',
  '=2E',
  '*',
  '@',
  'xn--',
  'ß',
  '\u0000',
  '__proto__',
  'constructor',
  'Bearer ',
  'Idempotency-Key',
  'If-Match',
  'W/"',
  '"',
  ',',
  'TYPE65535',
  '\\# 1 00',
  '1e999',
  '-0',
];

/** A request to the gateway's API, up to the point where its work begins. */
const request = defineTarget({
  name: 'gateway-request',
  shape: 'json',
  samples: requests.map((one) => JSON.stringify(one)),
  words,
  decode: (input) => {
    const { method, path, query, headers, body } = requestIn(input);
    const sent = { headers: plainHeaders(headers), headersDistinct: headers };
    const { route, values } = findRoute(routes, method, path);
    const read = headersOf(sent);
    const asked = checkQueryAndBody(route, new URLSearchParams(query), body);
    const names = ['zone', 'name'].flatMap((part) =>
      part in values ? [absoluteName(values[part] ?? '')] : [],
    );
    const { records = [], expect = null } = Object(asked.body);
    const made = Array.isArray(records) ? records.slice(0, 100).map(fromWire) : [];
    const expected = expect === null ? null : expectationFromWire(expect);
    return { text: tokenIn(sent), read, names, made, expected, route: route.path };
  },
  refusals: [ApiRefusal, DnsDataError],
  check: ({ text, read, names, made, expected }) => {
    // What was read is the same when it is written and read again.
    for (const name of names) assert.equal(parseName(name), name);
    for (const one of made) assert.deepEqual(fromWire(toWire(one)), one);
    if (expected !== null) assert.deepEqual(expectationFromWire(expectationToWire(expected)), expected);
    assert.ok(read.key === null || /^[\w.:-]{8,100}$/u.test(read.key));
    assert.ok(text === '' || !/\s/u.test(text));
    assert.ok(readToken(text) === null || text.length === token.length);
  },
});

/** An address of a client, and a cursor of a list. */
const client = defineTarget({
  name: 'gateway-client',
  shape: 'text',
  samples: ['192.0.2.7', '::ffff:192.0.2.7', '2001:db8::1', 'fe80::1%eth0', '1:2:3:4:5:6:7:8', 'YWJj', '::'],
  words: [':', '::', '%', 'ffff', '.', 'YQ'],
  decode: (input) => {
    const address = clientAddress(input);
    const list = ['a', 'b', 'c'];
    return { network: clientNetwork(address), page: pageOf(list, String, { cursor: input, limit: 2 }) };
  },
  refusals: [ApiRefusal],
  check: ({ network, page }) => {
    assert.match(network, /^(?:[0-9.]+|(?:[0-9a-f]{1,4}:){4}:\/64)$/u);
    assert.ok(page.items.length <= 2);
  },
});

export const gatewayTargets: readonly Target[] = [request, client];
