/** Health checks and metrics of a gateway. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { after, before, describe, test } from 'node:test';
import { askGateway, sendToGateway } from '../../testing/accounts/ask-gateway.ts';
import { startGatewayBench, type GatewayBench } from '../../testing/accounts/gateway.ts';
import { pageOf } from '../../testing/docs-examples.ts';
import { missingPrograms, until } from '../../testing/servers/process.ts';
import { StatusServer } from './status-server.ts';

describe('health checks and metrics of a gateway', { skip: missingPrograms('pdns_server') }, () => {
  let bench: GatewayBench;
  let token: string;
  before(async () => {
    bench = await startGatewayBench();
    token = await bench.token('shop');
    const zone = { zone: 'shop.example', check: false, nameServers: ['ns1.example.net'], records: [] };
    await askGateway(bench.url(), token, 'POST', '/v1/zones', zone);
  });
  after(() => bench.stop());

  const get = async (
    path: string,
    method = 'GET',
  ): Promise<{ readonly status: number; readonly text: string }> =>
    await sendToGateway(bench.statusUrl(), { token: '', method, path });
  const value = async (sample: string): Promise<number> => {
    const line = (await get('/metrics')).text.split('\n').find((one) => one.startsWith(`${sample} `));
    return Number(line?.slice(sample.length + 1) ?? '0');
  };

  test('a gateway is ready while storage and name server answer, and healthy in any case', async () => {
    assert.deepEqual([(await get('/healthz')).status, (await get('/readyz')).status], [200, 200]);
    await bench.server.stop();
    await until(async () => (await get('/readyz')).status === 503);
    assert.match((await get('/readyz')).text, /^name server: central\.\w+\n$/u);
    assert.equal((await get('/healthz')).status, 200);
    await bench.server.start();
    await until(async () => (await get('/readyz')).status === 200);
  });

  test('nothing else is answered there, and none of it by the API', async () => {
    for (const path of ['/', '/metrics/', '/v1/zones', '/metrics?x=1'])
      assert.equal((await get(path)).status, 404, path);
    assert.equal((await get('/metrics', 'POST')).status, 405);
    for (const path of ['/metrics', '/readyz', '/healthz'])
      assert.equal((await askGateway(bench.url(), token, 'GET', path)).status, 404);
  });

  test('requests, refusals and calls of the name server are counted', async () => {
    const route =
      'domainsync_gateway_http_requests_total{method="GET",route="/v1/zones/{zone}/records",code="200"}';
    const before404 = await value(route);
    await askGateway(bench.url(), token, 'GET', '/v1/zones/shop.example/records');
    assert.equal(await value(route), before404 + 1);
    await askGateway(bench.url(), 'nonsense', 'GET', '/v1/zones');
    assert.equal(await value('domainsync_gateway_auth_failures_total{reason="central.login"}'), 1);
    assert.equal(await value('domainsync_gateway_zones{state="owned"}'), 1);
    const read =
      'domainsync_gateway_backend_request_duration_seconds_count{backend="powerdns",operation="read-zone",outcome="ok"}';
    assert.ok((await value(read)) >= 1);
    assert.equal(await value('domainsync_gateway_storage_up'), 1);
  });

  test('no metric names a zone, a customer, a token or an address', async () => {
    await askGateway(bench.url(), token, 'GET', '/v1/zones/secret-name.example/records');
    await askGateway(bench.url(), token, 'GET', '/secret-path');
    await askGateway(bench.url(), token, 'SECRET', '/v1/zones');
    const { text } = await get('/metrics');
    for (const secret of ['secret', 'shop', token.slice(4, 12), '127.0.0.1'])
      assert.ok(!text.toLowerCase().includes(secret.toLowerCase()), secret);
  });

  test('every metric is on the page, and nothing else', async () => {
    const section = /## Monitoring\n([\s\S]*?)\n## /u.exec(pageOf('gateway.md'))?.[1] ?? '';
    const rows = section.slice(section.indexOf('| metric')).split('\n').slice(2);
    const listed = rows.flatMap((row) =>
      [...(row.split('|')[1] ?? '').matchAll(/`([^`]+)`/gu)].map(([, one]) => one),
    );
    const { text } = await get('/metrics');
    const given = [...text.matchAll(/^# TYPE domainsync_gateway_(\S+)/gmu)].map(([, name]) => name);
    for (const name of given) assert.ok(listed.includes(name), name);
    // These appear once there is something to count.
    const rare = new Set([
      'policy_denials_total',
      'rate_limited_total',
      'connections_refused_total',
      'drift_checks_total',
    ]);
    for (const name of listed) assert.ok(given.includes(name) || rare.has(name ?? ''), name);
  });

  test('promtool finds nothing wrong', { skip: missingPrograms('promtool') }, async () => {
    const { text } = await get('/metrics');
    const input = { input: text, encoding: 'utf8', stdio: 'pipe' } as const;
    assert.equal(execFileSync('promtool', ['check', 'metrics'], input), '');
  });
});

test('many health checks at once are one check of the name server', async () => {
  let now = 0;
  let checks = 0;
  const end: ((trouble: string | null) => void)[] = [];
  const server = new StatusServer({
    now: () => now,
    trouble: async () => {
      checks += 1;
      return await new Promise((resolve) => end.push(resolve));
    },
    metrics: async () => await Promise.resolve(''),
  });
  const port = await server.listen('127.0.0.1', 0);
  const url = `http://127.0.0.1:${port}`;
  const get = async (path: string): Promise<number> =>
    (await sendToGateway(url, { token: '', method: 'GET', path })).status;
  const asked = Array.from({ length: 20 }, async () => await get('/readyz'));
  assert.equal(await get('/healthz'), 200);
  await until(async () => await Promise.resolve(end.length > 0));
  end[0]?.('down');
  assert.deepEqual(new Set(await Promise.all(asked)), new Set([503]));
  assert.equal(checks, 1);
  now += 1_001;
  const later = get('/readyz');
  await until(async () => await Promise.resolve(end.length > 1));
  end[1]?.(null);
  assert.equal(await later, 200);
  await server.close();
});
