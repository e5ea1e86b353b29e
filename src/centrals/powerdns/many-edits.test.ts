/** Tests edits of many zones in the same moment. */
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { setTimeout as hold } from 'node:timers/promises';
import type { Central } from '../../core/central.ts';
import { parseName, type DnsName } from '../../dns/name.ts';
import { makeRecord } from '../../dns/record.ts';
import { powerdnsCentral } from '../../testing/accounts/powerdns.ts';
import { startProxy, type HttpProxy } from '../../testing/proxies/http.ts';
import { quietContext } from '../../testing/quiet-context.ts';
import { realClock } from '../../testing/real-clock.ts';
import { startPowerdns, type Powerdns } from '../../testing/servers/powerdns.ts';

const seed = { addresses: [], nameServers: ['ns1.example.net'], mailServers: [] };
const zones = Array.from({ length: 30 }, (_, at) => parseName(`many${at}.example.`));
const methods = ['GET', 'PATCH', 'PUT', 'POST'] as const;

for (const backend of ['sqlite3', 'lmdb'] as const)
  describe(`PowerDNS central, ${backend}: many edits at once`, () => {
    let server: Powerdns;
    let proxy: HttpProxy;
    /** The largest number of requests that were at the server at once, of each method and of all. */
    let most: Record<(typeof methods)[number] | 'all', number>;

    before(async () => {
      server = await startPowerdns({ backend });
      proxy = await startProxy(server.url);
      const central = powerdnsCentral(server);
      for (const zone of zones) await central.createZone(zone, seed, quietContext());
      await central.close();
    });
    beforeEach(() => {
      most = { GET: 0, PATCH: 0, PUT: 0, POST: 0, all: 0 };
    });
    after(async () => {
      await proxy.close();
      await server.dispose();
    });

    /** A line that delays each request by some milliseconds. */
    function line(delay: number): HttpProxy['behaviour'] {
      const running = { GET: 0, PATCH: 0, PUT: 0, POST: 0, all: 0 };
      return async ({ method }, pass) => {
        const kind = methods.find((one) => one === method) ?? 'GET';
        for (const key of [kind, 'all'] as const) {
          running[key] += 1;
          most[key] = Math.max(most[key], running[key]);
        }
        try {
          if (delay > 0) await hold(delay);
          return await pass();
        } finally {
          for (const key of [kind, 'all'] as const) running[key] -= 1;
        }
      };
    }

    async function editAll(central: Central, rdata: string): Promise<void> {
      const edit = async (zone: DnsName): Promise<void> => {
        const add = makeRecord({ name: 'www', type: 'A', rdata }, zone);
        await central.apply({ zone, remove: [], add: [add] }, [], quietContext());
        const found = await central.readNames(zone, [add.name], quietContext());
        assert.ok(
          found?.some((record) => record.rdata === rdata),
          `${zone} has ${rdata}`,
        );
      };
      await Promise.all(zones.map(edit));
    }

    it('of a server that is near sends one write at a time, and four requests', async () => {
      proxy.behaviour = line(0);
      // The time stands still, so that a busy machine does not make the server look far.
      const central = powerdnsCentral(server, { address: proxy.url }, { ...realClock, now: () => 0 });
      await editAll(central, '192.0.2.1');
      await editAll(central, '192.0.2.2');
      assert.equal(most.PATCH, 1);
      assert.ok(most.all <= 4, String(most.all));
      await central.close();
    });

    it('over a long line never sends more requests at once than the server queues', async () => {
      proxy.behaviour = line(20);
      const central = powerdnsCentral(server, { address: proxy.url });
      await editAll(central, '192.0.2.3');
      await editAll(central, '192.0.2.4');
      assert.ok(most.PATCH <= 4, String(most.PATCH));
      assert.ok(most.all <= 10, String(most.all));
      await central.close();
    });
  });
