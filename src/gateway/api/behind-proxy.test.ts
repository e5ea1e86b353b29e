/** A gateway behind a proxy: whose address counts for tokens, limits and the audit. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { text as readAll } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import { startGatewayBench, type GatewayBench } from '../../testing/accounts/gateway.ts';
import { missingPrograms } from '../../testing/servers/process.ts';
import { makeToken } from '../rights/token.ts';
import { openStorage } from '../serve.ts';
import type { TrustedProxies } from './sender.ts';

/** The address of the proxy, and of clients who talk to the gateway without it. */
const [proxy, stranger, other] = ['127.0.0.1', '127.0.0.2', '127.0.0.3'];

type SentHeaders = Readonly<Record<string, string | readonly string[]>>;

/** A request as it arrives at the gateway. */
interface Arriving {
  readonly token?: string;
  readonly path?: string;
  readonly method?: string;
  readonly headers?: SentHeaders;
  readonly from?: string;
}

describe('a gateway behind a proxy', { skip: missingPrograms('pdns_server') }, () => {
  let bench: GatewayBench;
  before(async () => {
    bench = await startGatewayBench({}, { logins: 3, connectionsByAddress: 2 });
    await trust('x-forwarded-for');
  });
  after(() => bench.stop());

  const trust = async (header: TrustedProxies['header']): Promise<void> => {
    const networks = [{ address: proxy, prefix: 32 }];
    await bench.restart(undefined, { proxies: { networks, header } });
  };
  const send = async ({
    token = '',
    path = '/v1/account',
    method = 'GET',
    headers = {},
    from = proxy,
  }: Arriving): Promise<number> => {
    const { hostname, port } = new URL(bench.url());
    const login = token === '' ? {} : { Authorization: `Bearer ${token}` };
    const all = { ...login, ...headers };
    const sent = request({
      hostname,
      port,
      path,
      method,
      localAddress: from,
      agent: false,
      headers: Object.fromEntries(
        Object.entries(all).map(([name, value]) => [name, typeof value === 'string' ? value : [...value]]),
      ),
    });
    sent.end();
    const [answer] = (await once(sent, 'response')) as [IncomingMessage];
    await readAll(answer);
    return answer.statusCode ?? 0;
  };
  const forwarded = (address: string | readonly string[]): SentHeaders => ({
    'X-Forwarded-For': address,
  });

  test('a token that is bound to an address: the client’s counts, and nobody can pretend it', async () => {
    const token = await bench.token('shop', undefined, ['192.0.2.7', '2001:db8::/64']);
    for (const [headers, status] of [
      [forwarded('192.0.2.7'), 200],
      [forwarded('198.51.100.1, 192.0.2.7'), 200],
      [forwarded('2001:DB8:0::7'), 200],
      [forwarded('192.0.2.7, 198.51.100.1'), 401],
      [forwarded(['192.0.2.7', '198.51.100.2']), 401],
      [forwarded('192.0.2.8'), 401],
      [{ Forwarded: 'for=192.0.2.7' }, 401],
      [{ 'X-Real-IP': '192.0.2.7' }, 401],
      [{}, 401],
      [forwarded('192.0.2.7, unknown'), 400],
      [forwarded('192.0.2.7 '), 200],
    ] as const)
      assert.equal(await send({ token, headers }), status, JSON.stringify(headers));
    assert.equal(await send({ token, headers: forwarded('192.0.2.7'), from: stranger }), 401);
  });

  test('the audit and the last use of a token name the client', async () => {
    const token = await bench.token('seen');
    const headers = forwarded('::ffff:192.0.2.44');
    assert.equal(await send({ token, headers }), 200);
    assert.equal(await send({ token, headers, path: '/v1/token', method: 'DELETE' }), 200);
    const storage = await openStorage(bench.settings);
    const [used] = await storage.tokens('seen');
    const leaked = (await storage.audit(0, 1_000)).find(({ what }) => what === 'token.leaked');
    await storage.close();
    assert.deepEqual([used?.lastUsed?.from, leaked?.from], ['192.0.2.44', '192.0.2.44']);
  });

  test('failed logins, and requests without a token, are counted for the client', async () => {
    const wrong = async (address: string, from = proxy): Promise<number> =>
      await send({ token: makeToken().text, headers: forwarded(address), from });
    const document = async (address: string, from = proxy): Promise<number> =>
      await send({ path: '/v1/openapi.json', headers: forwarded(address), from });
    for (const [ask, good] of [
      [wrong, 401],
      [document, 200],
    ] as const) {
      for (let at = 0; at < 3; at += 1) assert.equal(await ask('203.0.113.1'), good);
      assert.equal(await ask('203.0.113.1'), 429);
      assert.equal(await ask('203.0.113.2'), good, 'another client of the same proxy');
      // Without the proxy, an invented address does not help.
      for (let at = 0; at < 3; at += 1) assert.equal(await ask(`203.0.113.${at + 10}`, other), good);
      assert.equal(await ask('203.0.113.20', other), 429);
    }
  });

  test('with the other header, X-Forwarded-For is what a client may send as he likes', async () => {
    await trust('forwarded');
    const token = await bench.token('shop', undefined, ['192.0.2.7']);
    for (const [headers, status] of [
      [{ Forwarded: 'for="192.0.2.7:4711";proto=https' }, 200],
      [{ Forwarded: 'for=198.51.100.1, for=192.0.2.7' }, 200],
      [{ Forwarded: 'for=192.0.2.7, for=198.51.100.1' }, 401],
      [{ ...forwarded('192.0.2.7'), Forwarded: 'for=198.51.100.1' }, 401],
      [{ Forwarded: 'for="192.0.2.7, for=198.51.100.1' }, 400],
    ] as const)
      assert.equal(await send({ token, headers }), status, JSON.stringify(headers));
  });
});
