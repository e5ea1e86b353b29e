import assert from 'node:assert/strict';
import type { IncomingHttpHeaders } from 'node:http';
import { isIP } from 'node:net';
import { readAnswer } from '../../../centrals/gateway/answer.ts';
import { CentralError } from '../../../core/central.ts';
import { parseName } from '../../../dns/name.ts';
import { DnsDataError } from '../../../dns/problem.ts';
import { ApiRefusal } from '../../../gateway/api-refusal.ts';
import { clientAddress, clientNetwork } from '../../../gateway/api/address.ts';
import { pageOf } from '../../../gateway/api/paging.ts';
import { bodyOf, headersOf, tokenIn } from '../../../gateway/api/read-request.ts';
import { checkQueryAndBody, findRoute } from '../../../gateway/api/route.ts';
import { routes } from '../../../gateway/api/routes.ts';
import { proxyHeaders, senderAddress } from '../../../gateway/api/sender.ts';
import { isSameHash, makeToken, readToken } from '../../../gateway/rights/token.ts';
import * as shapes from '../../../net/gateway/schemas.ts';
import {
  absoluteName,
  expectationFromWire,
  expectationToWire,
  fromWire,
  toWire,
} from '../../../net/gateway/wire.ts';
import { defineTarget, fieldsIn, octetsIn, textIn, type Target } from '../target.ts';
import { answerIn } from './answers.ts';

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

const trusted = [{ address: '192.0.2.0', prefix: 24 }];
const [inForwardedFor, inForwarded] = ['203.0.113.9', 'for=203.0.113.9'];

/**
 * What proxies have written about the client. Whatever the client sends in the header, the address that the
 * trusted proxy has added behind it counts, or the request is refused.
 */
const sender = defineTarget({
  name: 'gateway-sender',
  shape: 'text',
  samples: [
    '198.51.100.7',
    '198.51.100.7, 192.0.2.8',
    '[2001:db8::1]:443, ::ffff:192.0.2.9',
    'for=198.51.100.7;proto=https;by=192.0.2.1',
    'for="[2001:db8::1]:4711", for=_hidden, FOR=unknown',
    'for="a\\"b,c";host=x',
  ],
  words: [
    ',',
    ';',
    '"',
    '\\',
    '=',
    'for=',
    'For="',
    '[',
    ']',
    ':',
    '192.0.2.1',
    '%eth0',
    ' ',
    '\t',
    'unknown',
    'ſ',
  ],
  decode: (written) =>
    proxyHeaders.map((header) => {
      const added = header === 'forwarded' ? inForwarded : inForwardedFor;
      const read = (remoteAddress: string, line: string): string =>
        senderAddress(
          { remoteAddress, headersDistinct: { [header]: [line] } },
          { networks: trusted, header },
        );
      return {
        direct: read('198.51.100.1', written),
        forwarded: orRefused(() => read('192.0.2.1', `${written}, ${added}`)),
        alone: orRefused(() => read('192.0.2.1', written)),
      };
    }),
  refusals: [],
  check: (all) => {
    for (const { direct, forwarded, alone } of all) {
      assert.equal(direct, '198.51.100.1');
      assert.ok(forwarded === null || forwarded === inForwardedFor);
      assert.ok(alone === null || isIP(alone) !== 0);
    }
  },
});

/** The result of `read`; null: the request is refused. */
function orRefused(read: () => string): string | null {
  try {
    return read();
  } catch (error) {
    if (error instanceof ApiRefusal) return null;
    throw error;
  }
}

/** The octets of a request's body. However it is cut, it is the same JSON. */
const body = defineTarget({
  name: 'gateway-body',
  shape: 'octets',
  samples: requests.flatMap((one) =>
    'body' in one ? [Buffer.from(JSON.stringify(one['body'])).toString('latin1')] : [],
  ),
  words: [
    ...words,
    '\u00c3\u009f',
    '\u00ff',
    '\u00ed\u00a0\u0080',
    '\u00ef\u00bb\u00bf',
    '{',
    ']',
    ':',
    '\\u0000',
  ],
  budget: { octets: 400 },
  decode: async (input) => {
    const octets = octetsIn(input);
    const half = Math.floor(octets.length / 2);
    const [whole, cut] = [
      await bodyOf(sentBody([octets])),
      await bodyOf(sentBody([octets.subarray(0, half), octets.subarray(half)])),
    ];
    return { octets, whole, cut };
  },
  refusals: [ApiRefusal],
  check: ({ octets, whole, cut }) => {
    assert.deepEqual(cut, whole);
    if (octets.length > 0) assert.deepEqual(whole, JSON.parse(new TextDecoder().decode(octets)));
  },
});

function sentBody(parts: readonly Buffer[]): Parameters<typeof bodyOf>[0] {
  const headers = { 'content-type': 'application/json' };
  return {
    headers,
    async *[Symbol.asyncIterator]() {
      for (const part of parts) if (part.length > 0) yield await Promise.resolve(part);
    },
  };
}

const made = makeToken('Abcdefg1');

/** A token that somebody sends. Only the one that was made has its hash. */
const sentToken = defineTarget({
  name: 'gateway-token',
  shape: 'text',
  samples: [made.text, token, makeToken().text],
  words: ['dsg_', '_', '0', 'z', ' ', '\u0000', 'ſ', 'Ａ'],
  decode: (input) => ({ input, read: readToken(input) }),
  refusals: [],
  check: ({ input, read }) => {
    assert.ok(read === null || /^[0-9A-Za-z]{8}$/u.test(read.id));
    assert.equal(read !== null && isSameHash(read.hash, made.hash), input === made.text);
  },
});

/** The shapes of answers that the adapter expects, by the name that an input has for them. */
const answerShapes = {
  account: shapes.accountAnswer,
  change: shapes.changeAnswer,
  records: shapes.recordsAnswer,
  signing: shapes.signingAnswer,
  withdraw: shapes.withdrawAnswer,
  zone: shapes.zoneAnswer,
  zones: shapes.zonesAnswer,
} as const;

const outcome = { code: 'central.limit', params: { text: 'x' }, state: 'untouched', retry: 'never' };
const problem = { type: 'about:blank', title: 'a token', status: 422, instance: '/v1', ...outcome };
const answers: readonly (readonly [string, number, unknown])[] = [
  ['account', 200, { customer: 'shop', token: 'abcdefgh' }],
  ['change', 200, { removed: [record], added: [{ ...record, ttl: null }] }],
  ['change', 412, { code: 'gateway.found-otherwise', found: [record] }],
  ['change', 412, { ...problem, code: 'gateway.found-otherwise', found: [record] }],
  ['records', 200, { records: [record, { ...record, type: 'TXT', data: '"a b"' }] }],
  ['signing', 200, { signed: true, ds: ['1 8 2 00'], cds: [] }],
  ['withdraw', 200, { outcome: 'failed', ...outcome }],
  ['withdraw', 200, { outcome: 'done', removed: [], added: [record] }],
  ['zone', 201, { result: 'created' }],
  ['zones', 200, { zones: ['example.org.'], makesZones: true }],
  ['zone', 422, problem],
  [
    'zone',
    503,
    { ...problem, code: 'central.unreachable', state: 'unknown', retry: 'later', title: made.text },
  ],
];

/** An answer of a gateway, as a panel's agent reads it. No error repeats the token. */
const answer = defineTarget({
  name: 'answer-gateway',
  shape: 'json',
  samples: [
    ...answers.map(([shape, status, json]) =>
      JSON.stringify({ shape, status, contentType: 'application/json', body: json }),
    ),
    JSON.stringify({
      shape: 'zone',
      status: 502,
      contentType: 'text/html',
      body: `<title>Bad ${made.text}</title>`,
    }),
  ],
  words: [...words, made.text, 'application/problem+json', '<title>', 'central.', 'zone.foreign'],
  budget: { octets: 400 },
  decode: async (input) => {
    const named = textIn(fieldsIn(input)?.['shape']);
    const [, schema = shapes.changeAnswer] =
      Object.entries(answerShapes).find(([name]) => name === named) ?? [];
    const redact = (text: string): string => text.replaceAll(made.text, '***');
    const found = schema === shapes.changeAnswer ? shapes.foundAnswer : undefined;
    try {
      return await readAnswer<unknown>(answerIn(input), { schema, found }, 'write', redact);
    } catch (error) {
      if (error instanceof CentralError) assert.ok(!JSON.stringify(error.problem).includes(made.text));
      throw error;
    }
  },
  refusals: [CentralError],
});

export const gatewayTargets: readonly Target[] = [request, client, sender, body, sentToken, answer];
