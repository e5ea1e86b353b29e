/** Lists of zones in pages: the name server is asked about the zones of the page, and about no others. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { zoneName } from '../../dns/name.ts';
import { askGateway } from '../../testing/accounts/ask-gateway.ts';
import { benchAt, powerdnsBackend, type GatewayBench } from '../../testing/accounts/gateway.ts';
import { alice } from '../../testing/accounts/powerdns.ts';
import { startProxy, type HttpProxy } from '../../testing/proxies/http.ts';
import { startPowerdns, type Powerdns } from '../../testing/servers/powerdns.ts';
import { missingPrograms } from '../../testing/servers/process.ts';
import { presetRights } from '../rights/presets.ts';

const names = Array.from({ length: 12 }, (_, at) => `z${String(at).padStart(2, '0')}.example.`);

describe('zones of a customer in pages', { skip: missingPrograms('pdns_server') }, () => {
  let server: Powerdns;
  let proxy: HttpProxy;
  let bench: GatewayBench<null>;
  let token: string;
  before(async () => {
    server = await startPowerdns({ account: alice });
    proxy = await startProxy(server.url);
    bench = await benchAt(null, powerdnsBackend(proxy.url, server.apiKey), async () => {
      await proxy.close();
      await server.dispose();
    });
    token = await bench.token('shop');
    const zones = names.map((name) => zoneName(name));
    // The name server lacks two of the customer's zones.
    const there = zones.filter((_, at) => at !== 4 && at !== 5);
    await server.addZones(there.map((zone) => ({ zone })));
    for (const zone of zones) await bench.assign(zone, 'shop');
  });
  after(() => bench.stop());

  /** Reads all pages. @returns the zones of each page, and how often the name server was asked for what */
  async function pages(
    limit: number,
    by = token,
  ): Promise<{ readonly zones: readonly (readonly string[])[]; readonly asked: readonly string[] }> {
    const begun = proxy.requests.length;
    const zones: string[][] = [];
    for (let cursor = ''; ;) {
      const query = `limit=${limit}${cursor === '' ? '' : `&cursor=${cursor}`}`;
      const { body } = await askGateway(bench.url(), by, 'GET', `/v1/zones?${query}`);
      zones.push(body['zones'] as string[]);
      if (typeof body['next'] !== 'string') break;
      cursor = body['next'];
    }
    return { zones, asked: proxy.requests.slice(begun).map(({ path }) => path) };
  }

  const present = names.filter((_, at) => at !== 4 && at !== 5);

  test('all pages together are the list, without zones that the name server lacks', async () => {
    const { body } = await askGateway(bench.url(), token, 'GET', '/v1/zones');
    assert.deepEqual([body['zones'], body['next']], [present, null]);
    for (const limit of [1, 3, 4, 10, 11, 100]) {
      const { zones } = await pages(limit);
      assert.deepEqual(zones.flat(), present, String(limit));
      assert.ok(zones.slice(0, -1).every((page) => page.length === limit));
    }
  });

  test('a page costs questions about its own zones, and never the list of all', async () => {
    const { zones, asked } = await pages(5);
    assert.equal(zones.length, 2);
    const lists = asked.filter((path) => !/[?&]zone=/u.test(path));
    assert.deepEqual(lists, []);
    // Two pages, with one zone more each, and the two that the name server lacks, with the name above.
    assert.ok(asked.length <= 20, asked.join('\n'));
  });

  test('a token that sees one of them asks about this one', async () => {
    const by = await bench.token('shop', presetRights('acme', ['z07.example'], []));
    const { zones, asked } = await pages(3, by);
    assert.deepEqual(zones, [['z07.example.']]);
    assert.equal(asked.length, 1);
  });
});
