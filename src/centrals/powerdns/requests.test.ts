/**
 * Tests how many requests a first push takes, and that it still makes every request that proves something.
 */
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import * as v from 'valibot';
import { CentralError, type Central } from '../../core/central.ts';
import { parseName, type DnsName } from '../../dns/name.ts';
import { makeRecord, recordId, type ResourceRecord } from '../../dns/record.ts';
import { quietContext } from '../../testing/quiet-context.ts';
import { startProxy, type HttpProxy } from '../../testing/proxies/http.ts';
import { realClock } from '../../testing/real-clock.ts';
import { powerdnsCentral } from '../../testing/accounts/powerdns.ts';
import { startPowerdns, type Powerdns } from '../../testing/servers/powerdns.ts';

const seed = { addresses: [], nameServers: ['ns1.example.net'], mailServers: [] };

describe('issue 17, first send: requests to PowerDNS', () => {
  let server: Powerdns;
  let proxy: HttpProxy;
  let central: Central;
  let zones = 0;
  let zone: DnsName;
  let now = 0;

  before(async () => {
    server = await startPowerdns();
    proxy = await startProxy(server.url);
  });
  // Each test begins with a central that has not read anything yet.
  beforeEach(async () => {
    await central?.close();
    now = 0;
    central = powerdnsCentral(server, { address: proxy.url }, { ...realClock, now: () => now });
    proxy.behaviour = undefined;
    zones += 1;
    zone = parseName(`first${zones}.parent${zones}.example.`);
  });
  after(async () => {
    await central.close();
    await proxy.close();
    await server.dispose();
  });

  async function asked(work: () => Promise<unknown>): Promise<readonly string[]> {
    const from = proxy.requests.length;
    await work();
    // The second flush of the caches may come at any time, so it is not counted.
    const own = proxy.requests.slice(from).filter(({ path }) => !path.includes('/cache/flush'));
    return own.map(({ method, path }) => `${method} ${path.split('/').at(-1)?.split('&')[0]}`);
  }

  const content = () => [makeRecord({ name: 'www', type: 'A', rdata: '192.0.2.1' }, zone)];
  const create = async () => await central.createZone(zone, seed, quietContext(), content());
  const readMissing = async () => assert.equal(await central.readZone(zone, [], quietContext()), null);
  const sorted = (records: readonly ResourceRecord[] | string | null): readonly string[] => {
    assert.ok(records !== null && typeof records !== 'string');
    return records.map(recordId).sort();
  };

  it('asks for a missing zone by two requests at first, then by one', async () => {
    assert.deepEqual(await asked(readMissing), [`GET ${zone}`, `GET zones?zone=${zone}`]);
    assert.deepEqual(await asked(readMissing), [`GET zones?zone=${zone}`]);
  });

  it('asks for a missing zone by one request after another one was missing', async () => {
    await readMissing();
    zone = parseName(`next${zones}.parent${zones}.example.`);
    assert.deepEqual(await asked(readMissing), [`GET zones?zone=${zone}`]);
    await create();
    const read = async () => assert.ok((await central.readZone(zone, [], quietContext())) !== null);
    assert.deepEqual(await asked(read), [`GET zones?zone=${zone}`, `GET ${zone}`]);
    assert.deepEqual(await asked(read), [`GET ${zone}`]);
  });

  it('does not ask again for a zone that was missing a moment ago, and shows what it has now', async () => {
    await readMissing();
    const made: Awaited<ReturnType<typeof create>>[] = [];
    const requests = await asked(async () => made.push(await create()));
    assert.deepEqual(requests.slice(0, 1), [`GET zones?zone=parent${zones}.example.`]);
    assert.equal(requests.at(-1), 'POST zones?rrsets=true');
    assert.deepEqual(sorted(made[0] ?? null), sorted(await central.readZone(zone, [], quietContext())));
    assert.deepEqual(
      made
        .flat()
        .flatMap((record) => (typeof record === 'string' ? [] : record.type))
        .sort(),
      ['A', 'NS', 'SOA'],
    );
  });

  it('leaves alone what somebody created since it was missing', async () => {
    await readMissing();
    await powerdnsCentral(server).createZone(zone, seed, quietContext());
    assert.equal(await create(), 'exists');
    assert.ok(!sorted(await central.readZone(zone, [], quietContext())).some((id) => / A /u.test(id)));
    zone = parseName(`foreign${zones}.parent${zones}.example.`);
    await readMissing();
    const { status } = await server.call('POST', '/zones', { name: zone, kind: 'Native', account: 'others' });
    assert.equal(status, 201);
    await assert.rejects(create(), (error) => error instanceof CentralError && error.code === 'zone.foreign');
  });

  it('takes the answer to a create for the read after it, and asks once for the zones above', async () => {
    const above = `parent${zones}.example.`;
    assert.deepEqual(await asked(create), [
      `GET zones?zone=${zone}`,
      `GET zones?zone=${above}`,
      'GET zones?zone=example.',
      'POST zones?rrsets=true',
    ]);
    zone = parseName(`second${zones}.parent${zones}.example.`);
    assert.deepEqual(await asked(create), [`GET zones?zone=${zone}`, 'POST zones?rrsets=true']);
    now += 250;
    zone = parseName(`third${zones}.parent${zones}.example.`);
    assert.deepEqual((await asked(create)).slice(1, -1), [
      `GET zones?zone=${above}`,
      'GET zones?zone=example.',
    ]);
  });

  it('reads the zone where the answer to a create does not show it', async () => {
    const others = { account: 'others', kind: 'Native' };
    const ours = { account: 'alice', kind: 'Native', name: 'another.example.' };
    for (const [at, answered] of [{}, [], others, ours].entries()) {
      zone = parseName(`x${at}.parent${zones}.example.`);
      const body = JSON.stringify(answered === others ? { ...others, name: zone } : answered);
      proxy.behaviour = async ({ method }, pass) => {
        const answer = await pass();
        return method === 'POST' ? { ...answer, body } : answer;
      };
      assert.equal((await asked(create)).at(-1), `GET zones?zone=${zone}`);
    }
  });

  it('reads the records where the answer to a create does not show all of them', async () => {
    const spoiled = (zoneNow: object): readonly object[] => [
      { ...zoneNow, rrsets: [] },
      { ...zoneNow, rrsets: [{ odd: true }] },
      { ...zoneNow, rrsets: undefined },
    ];
    for (const at of [0, 1, 2]) {
      zone = parseName(`y${at}.parent${zones}.example.`);
      proxy.behaviour = async ({ method }, pass) => {
        const answer = await pass();
        if (method !== 'POST') return answer;
        return {
          ...answer,
          body: JSON.stringify(spoiled(v.parse(v.looseObject({}), JSON.parse(answer.body)))[at]),
        };
      };
      assert.equal(await create(), 'created');
    }
  });

  it('does not believe an answer to a create that had no effect', async () => {
    proxy.behaviour = async ({ method }, pass) =>
      method === 'POST' ? { status: 201, contentType: 'application/json', body: '{}' } : await pass();
    await assert.rejects(
      central.createZone(zone, seed, quietContext(), content()),
      (error) => error instanceof CentralError && error.code === 'central.no-effect',
    );
  });

  it('finds a zone that somebody made after a read had missed it', async () => {
    assert.equal(await central.readZone(zone, [], quietContext()), null);
    await powerdnsCentral(server).createZone(zone, seed, quietContext(), content());
    const found = await central.readZone(zone, [], quietContext());
    assert.equal(
      found?.some(({ name }) => name === content()[0]?.name),
      true,
    );
    assert.equal((await central.signing(zone, quietContext()))?.signed, false);
  });

  it('sees a zone above that it made itself a moment ago', async () => {
    const parent = parseName(`parent${zones}.example.`);
    assert.equal(await central.signing(parent, quietContext()), null);
    assert.equal(await central.createZone(parent, seed, quietContext()), 'created');
    assert.equal((await central.signing(parent, quietContext()))?.signed, false);
  });
});
