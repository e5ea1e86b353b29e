/** A gateway with two name servers: PowerDNS, and a BIND with a name. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { zoneName, type DnsName } from '../../dns/name.ts';
import { askGateway, type Said } from '../../testing/accounts/ask-gateway.ts';
import { benchAt, keyBackend, powerdnsBackend, type GatewayBench } from '../../testing/accounts/gateway.ts';
import { alice } from '../../testing/accounts/powerdns.ts';
import { makeKey } from '../../testing/servers/name-server.ts';
import { startNamed, type Named } from '../../testing/servers/named.ts';
import { startPowerdns, type Powerdns } from '../../testing/servers/powerdns.ts';
import { missingPrograms } from '../../testing/servers/process.ts';

const [first, second, third] = ['first.example', 'second.example', 'third.example'].map((text) =>
  zoneName(text),
) as [DnsName, DnsName, DnsName];
let keys = 0;

/** A key that no other change of these tests has. */
function newKey(): string {
  keys += 1;
  return `backends-${keys}`;
}

describe(
  'several name servers behind a gateway',
  { skip: missingPrograms('pdns_server', 'named', 'rndc') },
  () => {
    let powerdns: Powerdns;
    let bind: Named;
    let bench: GatewayBench<null>;
    let shop: string;
    before(async () => {
      const key = makeKey('transfer-gateway');
      powerdns = await startPowerdns({ account: alice });
      bind = await startNamed({ keys: [key] });
      bench = await benchAt(
        null,
        powerdnsBackend(powerdns.url, powerdns.apiKey),
        async () => {
          await powerdns.dispose();
          await bind.dispose();
        },
        {},
        new Map([['west', keyBackend(bind.port, key)]]),
      );
      shop = await bench.token('shop');
    });
    after(() => bench.stop());

    const ask = async (method: string, path: string, body?: unknown): Promise<Said> =>
      await askGateway(bench.url(), shop, method, path, body);
    const create = async (zone: DnsName): Promise<unknown[]> => {
      const body = { zone, check: false, nameServers: ['ns1.example.net'], records: [] };
      const said = await ask('POST', '/v1/zones', body);
      return [said.status, said.body['code'] ?? said.body['result']];
    };
    const add = async (zone: DnsName): Promise<number> => {
      const record = { name: `www.${zone}`, type: 'A', ttl: 60, data: '192.0.2.1' };
      const body = { key: newKey(), remove: [], add: [record] };
      return (await ask('POST', `/v1/zones/${zone}/changes`, body)).status;
    };
    const atPowerdns = async (zone: DnsName): Promise<boolean> =>
      (await powerdns.call('GET', `/zones/${zone}?rrset_name=www.${zone}`)).text.includes('192.0.2.1');

    test('a zone is where its customer was at home when he got it, and stays there', async () => {
      assert.deepEqual(await create(first), [201, 'created']);
      await bench.setBackend('shop', 'west');
      assert.deepEqual(await create(second), [422, 'zone.create-there-first']);
      await bind.addZones([{ zone: second }]);
      // The name server has the zone by now, but nobody owns it, so it is the provider's.
      assert.deepEqual(await create(second), [422, 'zone.create-there-first']);
      await bench.assign(second, 'shop');
      assert.deepEqual(await create(second), [200, 'exists']);
      assert.deepEqual(await create(first), [200, 'exists']);
      assert.deepEqual([await add(first), await add(second)], [200, 200]);
      assert.equal(await atPowerdns(first), true);
      assert.equal((await powerdns.call('GET', `/zones/${second}`)).status, 404);
      const { body } = await ask('GET', '/v1/zones');
      assert.deepEqual([body['zones'], body['makesZones']], [[first, second], false]);
      await bench.setBackend('shop', '');
      assert.equal((await ask('GET', '/v1/zones')).body['makesZones'], true);
    });

    test('a zone of the provider at one name server cannot be created at another, nor below it', async () => {
      await bind.addZones([{ zone: third }]);
      for (const zone of [third, zoneName(`deep.${third}`)])
        assert.deepEqual(await create(zone), [409, 'zone.foreign']);
      await bench.assign(third, 'shop', 'west');
      assert.equal(await add(third), 200);
      assert.equal((await powerdns.call('GET', `/zones/${third}`)).status, 404);
      const deleted = await ask('DELETE', `/v1/zones/${third}`);
      assert.deepEqual([deleted.status, deleted.body['code']], [422, 'zone.delete-there']);
    });

    test('a zone that the customer has already is not assigned to another name server', async () => {
      const operator = await bench.operatorToken();
      const assign = async (backend: string): Promise<unknown[]> => {
        const path = `/v1/operator/zones/${first}/assign`;
        const said = await askGateway(bench.url(), operator, 'POST', path, { customer: 'shop', backend });
        return [said.status, said.body['code'] ?? said.body['result']];
      };
      assert.deepEqual(await assign('west'), [409, 'gateway.other-backend']);
      assert.deepEqual(await assign('default'), [200, 'assigned']);
      assert.equal(await add(first), 200);
      assert.equal(await atPowerdns(first), true);
    });

    test('one name server down: the zones of the other are edited, and no list lacks zones', async () => {
      await bind.stop();
      try {
        const list = await ask('GET', '/v1/zones');
        assert.deepEqual([list.status, list.body['state']], [503, 'untouched']);
        assert.equal(await add(second), 503);
        assert.equal(await add(first), 200);
      } finally {
        await bind.start();
      }
      assert.equal((await ask('GET', '/v1/zones')).status, 200);
    });

    test('a name server that the settings do not name any more is an outage, and no missing zone', async () => {
      const lost = zoneName('lost.example');
      await bench.assign(lost, 'shop', 'east');
      const said = await ask('GET', `/v1/zones/${lost}/records`);
      assert.deepEqual([said.status, said.body['state'], said.body['retry']], [503, 'untouched', 'later']);
      assert.equal((await ask('GET', '/v1/zones')).status, 503);
      assert.equal(await add(first), 200);
      await bench.restart(undefined, { furtherBackends: new Map() });
      assert.equal((await ask('GET', '/v1/zones')).status, 503);
      assert.deepEqual([await add(second), await add(first)], [503, 200]);
    });
  },
);
