/** Tests the doctor's findings about a PowerDNS server, and DNAME records that the server does not follow. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, describe, it } from 'node:test';
import { CentralError, type Central } from '../../core/central.ts';
import { parseName, type DnsName } from '../../dns/name.ts';
import { makeRecord } from '../../dns/record.ts';
import { quietContext } from '../../testing/quiet-context.ts';
import { startProxy, type HttpProxy, type Message } from '../../testing/proxies/http.ts';
import { alice, powerdnsCentral, rrsets } from '../../testing/accounts/powerdns.ts';
import { startPowerdns, type Powerdns } from '../../testing/servers/powerdns.ts';
import { goalsOf } from '../verified/goal.ts';
import { askServer } from '../verified/ask.ts';
import { askedServer } from '../verified/server.ts';
import { runProgram } from '../../testing/servers/process.ts';

const seed = { addresses: [], nameServers: ['ns1.example.net'], mailServers: [] };
const forbidden: Message = { status: 403, contentType: 'text/plain', body: 'Forbidden' };
const zone = parseName('sound.example.');
const moved = makeRecord({ name: 'old', type: 'DNAME', rdata: 'new.example.', ttl: 60 }, zone);

for (const follows of [false, true]) {
  describe(`PowerDNS, dname-processing ${follows ? 'on' : 'off'}`, () => {
    let server: Powerdns;
    let proxy: HttpProxy;
    let central: Central;
    before(async () => {
      server = await startPowerdns({ account: alice, extra: follows ? 'dname-processing=yes' : '' });
      proxy = await startProxy(server.url);
      central = powerdnsCentral(server, { address: proxy.url });
      await central.createZone(zone, seed, quietContext());
    });
    after(async () => {
      await central.close();
      await proxy.close();
      await server.dispose();
    });

    const addDname = async (): Promise<unknown> =>
      await central.apply({ zone, remove: [], add: [moved] }, [], quietContext());

    if (follows) {
      it('issue 11.11: takes a DNAME, which is followed', async () => {
        await addDname();
        const port = String(server.port);
        const said = await runProgram('dig', [
          '@127.0.0.1',
          '-p',
          port,
          '+short',
          'a.old.sound.example',
          'A',
        ]);
        assert.match(said, /a\.new\.example\./u);
        assert.equal(await stateThere(), 'live');
      });
    } else {
      it('issue 11.11: refuses a DNAME that would be without effect, before anything is written', async () => {
        await assert.rejects(addDname(), (error) => {
          assert.ok(error instanceof CentralError);
          assert.deepEqual(
            [error.code, error.state, error.retry],
            ['central.dname-off', 'untouched', 'never'],
          );
          return error.params['name'] === 'old.sound.example';
        });
        const made = central.createZone(parseName('dname.example.'), seed, quietContext(), [
          { ...moved, name: parseName('old.dname.example.') },
        ]);
        await assert.rejects(made, { code: 'central.dname-off' });
        assert.deepEqual((await rrsets(server, zone))?.map(({ type }) => type).toSorted(), ['NS', 'SOA']);
      });

      it('issue 11.11: takes a DNAME where the server does not tell its settings', async () => {
        proxy.behaviour = async ({ path }) =>
          await Promise.resolve(path.endsWith('/config') ? forbidden : undefined);
        await addDname();
        proxy.behaviour = undefined;
        // The server hides its settings, so the write is accepted. Only the check by `[verify]` then shows
        // that the DNAME is not followed.
        assert.equal(await stateThere(), 'old, the DNAME is not followed');
        await central.apply({ zone, remove: [moved], add: [] }, [], quietContext());
      });

      it('issue 11.7, 11.9: tells of caches that cannot be flushed, and of zones without NS', async () => {
        assert.deepEqual(await central.concerns([zone], quietContext()), []);
        const bare = parseName('bare.example.');
        const body = { name: bare, kind: 'Native', account: alice, nameservers: [] };
        assert.equal((await server.call('POST', '/zones', body)).status, 201);
        assert.deepEqual(await codes([zone, bare]), ['powerdns.zone-without-ns bare.example']);
        proxy.behaviour = async ({ path }) =>
          await Promise.resolve(path.includes('/cache/flush') ? forbidden : undefined);
        assert.deepEqual(await codes([]), ['powerdns.no-flush ']);
        proxy.behaviour = undefined;
      });
    }

    if (follows)
      it('issue 12.9: a slow server is no failure: tells how many zones were looked at', async () => {
        const zones = [1, 2, 3, 4].map((at) => parseName(`slow${at}.example.`));
        for (const one of zones) await central.createZone(one, seed, quietContext());
        const { promise: asked, resolve } = Promise.withResolvers<undefined>();
        const over = new AbortController();
        proxy.behaviour = async ({ path }) => {
          if (!path.endsWith('/zones/slow3.example.')) return undefined;
          resolve(undefined);
          await once(over.signal, 'abort');
          return undefined;
        };
        const found = central.concerns(zones, { signal: over.signal, operation: '-' });
        await asked;
        over.abort();
        assert.deepEqual(
          (await found).map(({ code, params }) => [code, params]),
          [['powerdns.not-all-zones', { looked: '2', zones: '4' }]],
        );
        // A flush that gets no answer is reported too.
        proxy.behaviour = async ({ path }) =>
          await Promise.resolve(path.includes('/cache/') ? 'cut' : undefined);
        assert.deepEqual(await codes(zones), ['powerdns.no-flush ']);
        proxy.behaviour = undefined;
        // Here the signal aborts before the check begins.
        const late = await central.concerns(zones, { signal: AbortSignal.abort(), operation: '-' });
        assert.deepEqual(
          late.map(({ code }) => code),
          ['powerdns.no-flush', 'powerdns.not-all-zones'],
        );
        const many = Array.from({ length: 250 }, () => zone);
        assert.deepEqual(
          (await central.concerns(many, quietContext())).map(({ params }) => params),
          [{ looked: '200', zones: '250' }],
        );
      });

    async function stateThere(): Promise<string> {
      const asked = askedServer('ns', { host: '127.0.0.1', port: server.port });
      const [goal] = goalsOf(zone, { removed: [], added: [moved] });
      assert.ok(goal !== undefined);
      const { state, text } = await askServer(asked, goal, AbortSignal.timeout(30_000));
      asked.close();
      return text === '' ? state : `${state}, ${text}`;
    }

    async function codes(zones: readonly DnsName[]): Promise<string[]> {
      const found = await central.concerns(zones, quietContext());
      return found.map(({ code, params }) => `${code} ${params['zones'] ?? ''}`);
    }
  });
}
