/** What becomes of a write whose sender loses zone or token while the name server is asked. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { zoneName } from '../../dns/name.ts';
import { askGateway, type Said } from '../../testing/accounts/ask-gateway.ts';
import { benchAt, powerdnsBackend, type GatewayBench } from '../../testing/accounts/gateway.ts';
import { alice } from '../../testing/accounts/powerdns.ts';
import { startProxy } from '../../testing/proxies/http.ts';
import { startPowerdns } from '../../testing/servers/powerdns.ts';
import { missingPrograms } from '../../testing/servers/process.ts';

type Proxy = Awaited<ReturnType<typeof startProxy>>;

describe(
  'a zone that changes hands while a write is judged',
  { skip: missingPrograms('pdns_server') },
  () => {
    let bench: GatewayBench<null>;
    let proxy: Proxy;
    before(async () => {
      const server = await startPowerdns({ account: alice });
      proxy = await startProxy(server.url);
      bench = await benchAt(null, powerdnsBackend(proxy.url, server.apiKey), async () => {
        await proxy.close();
        await server.dispose();
      });
    });
    after(() => bench.stop());

    const ask = async (by: string, method: string, path: string, body?: unknown): Promise<Said> =>
      await askGateway(bench.url(), by, method, path, body);

    /** Sends a request, and does something else while the name server is asked because of this request. */
    const interrupted = async (
      request: () => Promise<Said>,
      meanwhile: () => Promise<void>,
    ): Promise<Said> => {
      const { promise: asked, resolve: isAsked } = Promise.withResolvers<void>();
      const { promise: open, resolve: release } = Promise.withResolvers<void>();
      proxy.behaviour = async (_request, pass) => {
        isAsked();
        await open;
        return await pass();
      };
      const said = request();
      await asked;
      await meanwhile();
      release();
      return await said;
    };

    const writes = [
      ['POST', '/changes', { remove: [], add: [{ name: 'x.ZONE', type: 'A', ttl: 60, data: '192.0.2.9' }] }],
      ['PUT', '/rrsets/x.ZONE/A', { ttl: 60, data: ['192.0.2.9'] }],
      ['DELETE', '', undefined],
    ] as const;
    for (const [at, [method, path, body]] of writes.entries())
      test(`${method} ${path}`, async () => {
        const zone = zoneName(`race-${at}.example`);
        const [old, next] = [await bench.token(`old-${at}`), await bench.token(`new-${at}`)];
        const made = { zone, check: false, nameServers: ['ns1.example.net'], records: [] };
        assert.equal((await ask(old, 'POST', '/v1/zones', made)).status, 201);
        const key = method === 'POST' ? { key: `race-key-${at}` } : {};
        const sent = JSON.parse(JSON.stringify({ ...body, ...key }).replaceAll('ZONE', zone)) as unknown;
        const said = await interrupted(
          async () => await ask(old, method, `/v1/zones/${zone}${path.replace('ZONE', zone)}`, body && sent),
          async () => {
            await bench.transfer(zone, `new-${at}`);
          },
        );
        assert.deepEqual([said.status, said.body['state']], [404, 'untouched'], JSON.stringify(said.body));
        const found = await ask(next, 'GET', `/v1/zones/${zone}/records?name=x.${zone}`);
        assert.deepEqual([found.status, found.body['records']], [200, []]);
      });

    test('a token that is revoked meanwhile writes nothing', async () => {
      const [by, other] = [await bench.token('revoked'), await bench.token('revoked')];
      const made = { zone: 'revoked.example', check: false, nameServers: ['ns1.example.net'], records: [] };
      assert.equal((await ask(by, 'POST', '/v1/zones', made)).status, 201);
      const path = '/v1/zones/revoked.example/rrsets/x.revoked.example/A';
      const said = await interrupted(
        async () => await ask(by, 'PUT', path, { ttl: 60, data: ['192.0.2.9'] }),
        async () => {
          await bench.revoke(by);
        },
      );
      assert.equal(said.status, 401);
      assert.equal((await ask(other, 'GET', path)).status, 404);
    });
  },
);
