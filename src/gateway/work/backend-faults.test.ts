/** What clients of a gateway hear when the name server hangs, answers garbage, or refuses the key. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { zoneName, type DnsName } from '../../dns/name.ts';
import { askGateway, type Said } from '../../testing/accounts/ask-gateway.ts';
import { benchAt, keyBackend, powerdnsBackend, type GatewayBench } from '../../testing/accounts/gateway.ts';
import { alice } from '../../testing/accounts/powerdns.ts';
import { startDnsProxy } from '../../testing/proxies/dns.ts';
import { startProxy } from '../../testing/proxies/http.ts';
import { startKnot } from '../../testing/servers/knot.ts';
import { makeKey, type NameServer, type NameServerOptions } from '../../testing/servers/name-server.ts';
import { startNamed } from '../../testing/servers/named.ts';
import { startPowerdns } from '../../testing/servers/powerdns.ts';
import { missingPrograms } from '../../testing/servers/process.ts';
import type { Backend } from '../backend-settings.ts';

/** The time limit of the gateway in these tests, milliseconds. */
const limit = 3_000;

const [ours, others] = [zoneName('shop.example'), zoneName('other.example')];

/**
 * What a proxy between gateway and name server does.
 *
 * - `hang-reads`: reads get no answer.
 * - `hang-answers`: writes are done and get no answer.
 * - `garbage`: no request arrives, and each gets an answer that cannot be read.
 * - `garbage-writes`: as `garbage`, for writes only.
 */
type Fault = 'hang-reads' | 'hang-answers' | 'garbage' | 'garbage-writes';

interface FaultyBackend {
  readonly backend: Backend;
  readonly secret: string;
  /** The backend with a wrong secret. */
  readonly refused: Backend;
  /** Begins a fault. @returns ends it; requests that hang then get their answers */
  begin(fault: Fault): () => void;
  makeZones(zones: readonly DnsName[]): Promise<void>;
  stop(): Promise<void>;
}

/** A promise, and the function that fulfils it. */
function gate(): { readonly open: Promise<void>; readonly release: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { open: promise, release: resolve };
}

async function faultyPowerdns(): Promise<FaultyBackend> {
  const server = await startPowerdns({ account: alice });
  const proxy = await startProxy(server.url);
  const backend = { ...powerdnsBackend(proxy.url, server.apiKey), timeout: limit };
  const garbage = { status: 200, contentType: 'application/json', body: '{"rrsets":[{"name":' };
  return {
    backend,
    secret: server.apiKey,
    refused: { ...backend, password: 'wrong-key-of-a-gateway' },
    begin: (fault) => {
      const { open, release } = gate();
      proxy.behaviour = async ({ method }, pass) => {
        const isRead = method === 'GET';
        if (fault === 'garbage' || (fault === 'garbage-writes' && !isRead)) return garbage;
        if (fault === 'hang-reads' && isRead) await open;
        const answer = await pass();
        if (fault === 'hang-answers' && !isRead) await open;
        return answer;
      };
      return () => {
        proxy.behaviour = undefined;
        release();
      };
    },
    makeZones: async (zones) => {
      await server.addZones(zones.map((zone) => ({ zone })));
    },
    stop: async () => {
      await proxy.close();
      await server.dispose();
    },
  };
}

async function faultyKey(start: (options: NameServerOptions) => Promise<NameServer>): Promise<FaultyBackend> {
  const key = makeKey('transfer-gateway');
  const server = await start({ keys: [key] });
  const proxy = await startDnsProxy(server.port);
  const backend = { ...keyBackend(proxy.port, key), timeout: limit };
  return {
    backend,
    secret: key.secret,
    refused: { ...backend, password: makeKey().secret },
    begin: (fault) => {
      const { open, release } = gate();
      proxy.beforeRequest = async (kind) => {
        if (fault === 'hang-reads' && kind === 'read') await open;
      };
      proxy.beforeAnswer = async (kind) => {
        if (fault === 'hang-answers' && kind === 'write') await open;
      };
      proxy.instead = (kind, message) => {
        const isHit = fault === 'garbage' || (fault === 'garbage-writes' && kind === 'write');
        return isHit ? Buffer.concat([message.subarray(0, 2), Buffer.alloc(40, 0xa5)]) : null;
      };
      return () => {
        Object.assign(proxy, { beforeRequest: null, beforeAnswer: null, instead: null });
        release();
      };
    },
    makeZones: async (zones) => {
      await server.addZones(zones.map((zone) => ({ zone })));
    },
    stop: async () => {
      proxy.close();
      await server.dispose();
    },
  };
}

const kinds = [
  { title: 'PowerDNS', programs: ['pdns_server'], start: faultyPowerdns },
  { title: 'BIND', programs: ['named', 'rndc'], start: async () => await faultyKey(startNamed) },
  { title: 'Knot', programs: ['knotd', 'knotc'], start: async () => await faultyKey(startKnot) },
];

for (const { title, programs, start } of kinds)
  describe(`a gateway whose ${title} is at fault`, { skip: missingPrograms(...programs) }, () => {
    let faulty: FaultyBackend;
    let bench: GatewayBench<null>;
    let [shop, other] = ['', ''];
    before(async () => {
      faulty = await start();
      bench = await benchAt(null, faulty.backend, () => faulty.stop());
      [shop, other] = [await bench.token('shop'), await bench.token('other')];
      await faulty.makeZones([ours, others]);
      await bench.assign(ours, 'shop');
      await bench.assign(others, 'other');
    });
    after(() => bench.stop());

    const change = async (by: string, zone: DnsName, key: string): Promise<Said> => {
      const add = [{ name: `${key}.${zone}`, type: 'A', ttl: 60, data: '192.0.2.1' }];
      return await askGateway(bench.url(), by, 'POST', `/v1/zones/${zone}/changes`, { key, remove: [], add });
    };
    const read = async (by: string, zone: DnsName, name: string): Promise<Said> =>
      await askGateway(bench.url(), by, 'GET', `/v1/zones/${zone}/records?name=${name}.${zone}`);
    const facts = ({ status, body }: Said): unknown[] => [status, body['code'], body['state'], body['retry']];
    const outage = (state: string): unknown[] => [503, 'central.unreachable', state, 'later'];

    test('reads hang: every request ends in time, nothing was changed, and nobody waits for another', async () => {
      const end = faulty.begin('hang-reads');
      const started = performance.now();
      const hanging = [
        ...[1, 2, 3].map(async (at) => await change(shop, ours, `hang-read-${at}`)),
        change(other, others, 'hang-read-4'),
        read(other, others, 'www'),
      ];
      const account = askGateway(bench.url(), shop, 'GET', '/v1/account');
      const first = await Promise.race([account, ...hanging]);
      assert.equal(first.status, 200);
      for (const said of await Promise.all(hanging)) assert.deepEqual(facts(said), outage('untouched'));
      // If changes of one customer waited for each other, his third one would take three times the limit.
      assert.ok(performance.now() - started < 2.5 * limit);
      end();
      assert.equal((await change(shop, ours, 'hang-read-5')).status, 200);
    });

    test('answers to writes hang: the outcome is not known, and the same key says so again', async () => {
      const end = faulty.begin('hang-answers');
      const hanging = change(shop, ours, 'hang-write-1');
      // PowerDNS gets one write at a time. So the time of the second change may be over before it is sent.
      const second = await change(other, others, 'hang-write-2');
      assert.deepEqual(facts(await hanging), outage('unknown'));
      end();
      const isThere = async (by: string, zone: DnsName, name: string): Promise<boolean> =>
        JSON.stringify((await read(by, zone, name)).body['records']).includes('192.0.2.1');
      if (second.body['state'] === 'untouched') {
        assert.deepEqual(facts(second), outage('untouched'));
        assert.equal(await isThere(other, others, 'hang-write-2'), false);
      } else assert.deepEqual(facts(second), outage('unknown'));
      assert.deepEqual(facts(await change(shop, ours, 'hang-write-1')), outage('unknown'));
      const withdrawn = await askGateway(bench.url(), shop, 'POST', `/v1/zones/${ours}/changes/withdraw`, {
        key: 'hang-write-1',
      });
      assert.deepEqual(facts(withdrawn), [200, ...outage('unknown').slice(1)]);
      assert.equal(await isThere(shop, ours, 'hang-write-1'), true);
      assert.equal((await change(shop, ours, 'hang-write-3')).status, 200);
    });

    test('garbage instead of answers: no change is made on it, and a write has no known outcome', async () => {
      const endAll = faulty.begin('garbage');
      assert.deepEqual(facts(await read(shop, ours, 'www')), outage('untouched'));
      assert.deepEqual(facts(await change(shop, ours, 'garbage-1')), outage('untouched'));
      endAll();
      const endWrites = faulty.begin('garbage-writes');
      assert.deepEqual(facts(await change(shop, ours, 'garbage-2')), outage('unknown'));
      endWrites();
      assert.equal((await change(shop, ours, 'garbage-3')).status, 200);
    });

    test('the key is refused: an outage for clients, without a word of the secret', async () => {
      const second = await benchAt(null, faulty.refused, async () => await Promise.resolve());
      try {
        const token = await second.token('shop');
        await second.assign(ours, 'shop');
        const said = await askGateway(
          second.url(),
          token,
          'GET',
          `/v1/zones/${ours}/records?name=www.${ours}`,
        );
        assert.deepEqual(facts(said), outage('untouched'));
        assert.equal(JSON.stringify(said.body).includes(faulty.refused.password), false);
        assert.equal(JSON.stringify(said.body).includes(faulty.secret), false);
      } finally {
        await second.stop();
      }
    });
  });
