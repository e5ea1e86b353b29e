/** What the gateway reports of changes that somebody makes at the name server itself. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import fc from 'fast-check';
import { zoneName, type DnsName } from '../../dns/name.ts';
import { makeRecord, type ResourceRecord } from '../../dns/record.ts';
import { askGateway, type Said } from '../../testing/accounts/ask-gateway.ts';
import { gatewayBackends, type BackendBench } from '../../testing/accounts/gateway-backends.ts';
import { missingPrograms } from '../../testing/servers/process.ts';

for (const { title, programs, start } of gatewayBackends)
  describe(`drift at ${title}`, { skip: missingPrograms(...programs) }, () => {
    let bench: BackendBench;
    let [shop, operator] = ['', ''];
    let count = 0;
    before(async () => {
      bench = await start();
      [shop, operator] = [await bench.token('shop'), await bench.operatorToken()];
    });
    after(() => bench.stop());

    const ask = async (method: string, path: string, body?: unknown): Promise<Said> =>
      await askGateway(bench.url(), shop, method, `/v1${path}`, body);
    const order = async (method: string, path: string): Promise<Said> =>
      await askGateway(bench.url(), operator, method, `/v1/operator${path}`);
    const check = async (zone: DnsName): Promise<unknown> => {
      const { status, body } = await order('POST', `/zones/${zone}/drift/check`);
      assert.equal(status, 200, JSON.stringify(body));
      return body['result'];
    };
    /** RRsets that are listed for the zone, each with its data before and now. */
    const listed = async (zone: DnsName): Promise<readonly unknown[]> => {
      const { body } = await order('GET', `/zones/${zone}/drift`);
      const rrsets = (body['rrsets'] ?? []) as Listed[];
      const sorted = rrsets.toSorted((a, b) => (a.name < b.name ? -1 : 1));
      return sorted.map(({ name, type, before: left, after: found }) => [
        `${name} ${type}`,
        left?.map(({ data }) => data),
        found?.map(({ data }) => data),
      ]);
    };
    const newZone = async (): Promise<DnsName> => {
      count += 1;
      const zone = zoneName(`drift-${count}.example`);
      await bench.makeZone(zone, 'shop');
      return zone;
    };
    const record = (zone: DnsName, name: string, rdata: string): ResourceRecord =>
      makeRecord({ name, type: 'A', ttl: 300, rdata }, zone);
    const put = async (zone: DnsName, name: string, data: readonly string[], ttl = 300): Promise<void> => {
      const path = `/zones/${zone}/rrsets/${name}.${zone}/A`;
      const { status, body } =
        data.length === 0 ? await ask('DELETE', path) : await ask('PUT', path, { ttl, data });
      assert.equal(status, 200, JSON.stringify(body));
    };

    test('what another writer adds, changes and removes is listed with both values, until it is accepted', async () => {
      const zone = await newZone();
      await put(zone, 'a', ['192.0.2.1']);
      await put(zone, 'b', ['192.0.2.1']);
      assert.equal(await check(zone), 'first');
      assert.equal(await check(zone), 'same');
      await put(zone, 'c', ['192.0.2.1']);
      assert.equal(await check(zone), 'same');
      await bench.writer.add(zone, record(zone, 'x', '192.0.2.9'));
      await bench.writer.add(zone, record(zone, 'a', '192.0.2.9'));
      await bench.writer.remove(zone, record(zone, 'b', '192.0.2.1'));
      assert.equal(await check(zone), 'drift');
      const found = [
        [`a.${zone} A`, ['192.0.2.1'], ['192.0.2.1', '192.0.2.9']],
        [`b.${zone} A`, ['192.0.2.1'], []],
        [`x.${zone} A`, [], ['192.0.2.9']],
      ];
      assert.deepEqual(await listed(zone), found);
      assert.equal(await check(zone), 'same');
      assert.deepEqual(await listed(zone), found);
      await bench.writer.remove(zone, record(zone, 'x', '192.0.2.9'));
      assert.equal(await check(zone), 'drift');
      assert.deepEqual(await listed(zone), found.slice(0, 2));
      assert.deepEqual((await order('POST', `/zones/${zone}/drift/accept`)).body, { result: 'accepted' });
      assert.equal((await order('GET', `/zones/${zone}/drift`)).status, 404);
      assert.equal((await order('POST', `/zones/${zone}/drift/accept`)).status, 404);
      assert.equal(await check(zone), 'same');
    });

    test('what a change of the gateway has covered since is listed too', async () => {
      const zone = await newZone();
      await put(zone, 'a', ['192.0.2.1']);
      assert.equal(await check(zone), 'first');
      await bench.writer.add(zone, record(zone, 'a', '192.0.2.9'));
      await put(zone, 'a', ['192.0.2.2']);
      assert.equal(await check(zone), 'drift');
      assert.deepEqual(await listed(zone), [[`a.${zone} A`, ['192.0.2.1'], ['192.0.2.1', '192.0.2.9']]]);
      await put(zone, 'a', ['192.0.2.1']);
      assert.equal(await check(zone), 'same');
      assert.deepEqual(await listed(zone), []);
    });

    test('a TTL that somebody changes is listed', async () => {
      const zone = await newZone();
      await put(zone, 'a', ['192.0.2.1']);
      await check(zone);
      await put(zone, 'a', ['192.0.2.1'], 60);
      assert.equal(await check(zone), 'same');
      await bench.writer.remove(zone, record(zone, 'a', '192.0.2.1'));
      await bench.writer.add(zone, record(zone, 'a', '192.0.2.1'));
      assert.equal(await check(zone), 'drift');
      const { body } = await order('GET', `/zones/${zone}/drift`);
      assert.deepEqual(body['rrsets'], [
        {
          name: `a.${zone}`,
          type: 'A',
          before: [{ ttl: 60, data: '192.0.2.1' }],
          after: [{ ttl: 300, data: '192.0.2.1' }],
        },
      ]);
    });

    test('a zone that the name server lacks, and one that is there again', async () => {
      const zone = zoneName(`lost-${title.toLowerCase()}.example`);
      await bench.assign(zone, 'shop');
      assert.equal(await check(zone), 'drift');
      assert.equal((await order('GET', `/zones/${zone}/drift`)).body['state'], 'missing');
      assert.equal(await check(zone), 'drift');
      await bench.server.addZones([{ zone }]);
      assert.equal(await check(zone), 'first');
      assert.equal((await order('GET', `/zones/${zone}/drift`)).status, 404);
      const { body } = await order('GET', '/audit');
      const entries = (body['entries'] as { what: string; zone: string }[]).filter(
        (one) => one.zone === zone,
      );
      assert.equal(entries.filter(({ what }) => what === 'zone.drift').length, 1);
    });

    test('what a server that signs the zone changes itself is not listed', async () => {
      count += 1;
      const zone = zoneName(`signed-${count}.example`);
      await bench.writer.makeSignedZone?.(zone);
      await bench.assign(zone, 'shop');
      assert.equal(await check(zone), 'first');
      await put(zone, 'a', ['192.0.2.1']);
      assert.equal(await check(zone), 'same');
      await bench.writer.add(zone, record(zone, 'x', '192.0.2.9'));
      assert.equal(await check(zone), 'drift');
      assert.deepEqual(await listed(zone), [[`x.${zone} A`, [], ['192.0.2.9']]]);
    });

    test('a create of a zone that somebody had deleted at the name server is no drift', async () => {
      const zone = await newZone();
      await put(zone, 'a', ['192.0.2.1']);
      assert.equal(await check(zone), 'first');
      await bench.server.dropZone(zone);
      assert.equal(await check(zone), 'drift');
      if (title === 'PowerDNS') {
        const made = { zone, check: false, nameServers: ['ns1.example.net'], records: [] };
        assert.equal((await ask('POST', '/zones', made)).status, 201);
        assert.equal(await check(zone), 'first');
        await put(zone, 'a', ['192.0.2.1']);
        assert.equal(await check(zone), 'same');
        assert.equal((await order('GET', `/zones/${zone}/drift`)).status, 404);
      }
    });

    test('edits of customers pass while the zone is checked and somebody else writes', async () => {
      const zone = await newZone();
      assert.equal(await check(zone), 'first');
      const state = { isOver: false };
      const checks = (async () => {
        const results = new Set<unknown>();
        while (!state.isOver) results.add(await check(zone));
        return results;
      })();
      for (let at = 0; at < 8; at += 1) {
        await put(zone, 'a', [`192.0.2.${at}`]);
        if (at % 4 === 0) await bench.writer.add(zone, record(zone, `x${at}`, '192.0.2.9'));
      }
      state.isOver = true;
      const results = await checks;
      assert.ok(results.isSubsetOf(new Set(['same', 'drift', 'later'])), [...results].join());
      await check(zone);
      assert.deepEqual(await listed(zone), [
        [`x0.${zone} A`, [], ['192.0.2.9']],
        [`x4.${zone} A`, [], ['192.0.2.9']],
      ]);
    });

    test('if only the gateway writes, nothing is listed', async () => {
      const step = fc.record({
        name: fc.constantFrom('a', 'b', '*'),
        data: fc.subarray(['192.0.2.1', '192.0.2.2', '192.0.2.3']),
        ttl: fc.constantFrom(60, 300),
        checked: fc.boolean(),
      });
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 8 }), async (steps) => {
          const zone = await newZone();
          assert.equal(await check(zone), 'first');
          for (const { name, data, ttl, checked } of steps) {
            await put(zone, name, data, ttl);
            if (checked) assert.equal(await check(zone), 'same');
          }
          assert.equal(await check(zone), 'same');
        }),
        { numRuns: 8 },
      );
    });
  });

interface Listed {
  readonly name: string;
  readonly type: string;
  readonly before: readonly { readonly data: string }[] | null;
  readonly after: readonly { readonly data: string }[] | null;
}
