/** Tests that the server's caches hold no replaced data any more when a write resolves. */
import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { join } from 'node:path';
import { after, afterEach, before, describe, it } from 'node:test';
import { parseName, type DnsName } from '../../dns/name.ts';
import { makeRecord, type ResourceRecord } from '../../dns/record.ts';
import type { Change } from '../../dns/zone.ts';
import { Askers } from '../../testing/askers.ts';
import { quietContext } from '../../testing/quiet-context.ts';
import { startProxy, type HttpProxy } from '../../testing/proxies/http.ts';
import { powerdnsCentral } from '../../testing/accounts/powerdns.ts';
import { startPowerdns, type Powerdns } from '../../testing/servers/powerdns.ts';
import { runProgram } from '../../testing/servers/process.ts';
import { VirtualClock } from '../../testing/virtual-clock.ts';
import type { Central } from '../../core/central.ts';

const seed = { addresses: [], nameServers: ['ns1.example.net'], mailServers: [] };
const zone = parseName('live.example.');
const name = parseName('www.live.example.');
/**
 * Maximum number of writes that the test makes without our flushes. It stops earlier once three of these
 * writes were followed by old answers.
 */
const mostBare = 16_000;

function address(at: number): string {
  return `10.0.${at >> 8}.${at & 255}`;
}

function replacing(from: number, to: number): Change {
  const record = (at: number): ResourceRecord => makeRecord({ name, type: 'A', ttl: 60, rdata: address(at) });
  return { zone, remove: [record(from)], add: [record(to)] };
}

function isFlush({ method, path }: { readonly method: string; readonly path: string }): boolean {
  return method === 'PUT' && path.includes('/cache/flush?');
}

/** Lets time pass until the second flush after a write is due, and waits until it is answered. */
async function nextFlush(proxy: HttpProxy, clock: VirtualClock): Promise<void> {
  const answered = new Promise<void>((resolve) => {
    proxy.behaviour = async (request, pass) => {
      if (!isFlush(request)) return undefined;
      const answer = await pass();
      resolve();
      return answer;
    };
  });
  await clock.runUntil(clock.now() + 1_000);
  await answered;
  proxy.behaviour = undefined;
}

for (const backend of ['sqlite3', 'lmdb'] as const) {
  it(`issue 11.7: nobody is answered old data after an edit, clients asking all the time (${backend})`, async (t) => {
    const clock = new VirtualClock();
    const server = await startPowerdns({ backend });
    const proxy = await startProxy(server.url);
    const central = powerdnsCentral(server, { address: proxy.url }, clock);
    await central.createZone(zone, seed, quietContext());
    await central.apply(replacing(0, 1), [], quietContext());
    const askers = await Askers.ask(server.port, name, 12);
    t.after(async () => {
      askers.close();
      await central.close();
      await proxy.close();
      await server.dispose();
    });
    let [bareStale, ownStale, at] = [0, 0, 1];
    const isStale = async (rounds: number): Promise<boolean> => {
      askers.listen();
      await askers.rounds(rounds);
      return askers.others(address(at)).length > 0;
    };
    // Two queries of each client are enough. The server caches an answer for each client, and a client gets
    // an old one at once or never.
    const isBareStale = async (): Promise<boolean> => {
      at += 1;
      const records = [{ content: address(at), disabled: false }];
      const set = { name, type: 'A', ttl: 60, changetype: 'REPLACE', records };
      assert.equal((await server.call('PATCH', `/zones/${zone}`, { rrsets: [set] })).status, 204);
      return await isStale(2);
    };
    for (let edit = 0; edit < 30; edit += 1) {
      at += 1;
      await central.apply(replacing(at - 1, at), [], quietContext());
      // The first flush may come too early for a query that is still running. The second flush removes its
      // answer.
      await nextFlush(proxy, clock);
      await askers.rounds(20);
      if (await isStale(20)) ownStale += 1;
      if (await isBareStale()) bareStale += 1;
    }
    // Without our flushes, an old answer stays cached after about one write in five. On a busy machine this
    // happens less often, because our clients seldom ask at the right moment. So many more writes are made.
    for (let write = 0; write < mostBare && bareStale < 3; write += 1)
      if (await isBareStale()) bareStale += 1;
    t.diagnostic(`old answers after: ${bareStale} bare writes, ${ownStale} of ours`);
    assert.ok(bareStale >= 3, 'inconclusive: the server answered no old data without a flush either');
    assert.equal(ownStale, 0);
  });
}

describe('issue 11.7: flushes of the caches of PowerDNS', () => {
  let server: Powerdns;
  let proxy: HttpProxy;
  let clock: VirtualClock;
  let central: Central;
  let database: DatabaseSync;
  const logged: string[] = [];

  before(async () => {
    server = await startPowerdns();
    proxy = await startProxy(server.url);
    clock = new VirtualClock();
    central = powerdnsCentral(server, { address: proxy.url }, clock, (_level, event, fields) => {
      logged.push(`${event} ${String(fields?.['code'])}`);
    });
    database = new DatabaseSync(join(server.folder, 'pdns.sqlite3'));
    await central.createZone(zone, seed, quietContext());
    await central.apply(replacing(0, 1), [], quietContext());
  });
  afterEach(() => {
    proxy.behaviour = undefined;
  });
  after(async () => {
    await central.close();
    database.close();
    await proxy.close();
    await server.dispose();
  });

  async function asked(owner: DnsName = name): Promise<string> {
    return (await runProgram('dig', ['@127.0.0.1', '-p', String(server.port), '+short', owner, 'A'])).trim();
  }

  /** Puts an old answer into the packet cache, like a slow query that began before the write. */
  async function answersLate(old: number, now: number): Promise<void> {
    const set = database.prepare("update records set content = ? where name = 'www.live.example'");
    await server.call('PUT', `/cache/flush?domain=${zone}`);
    set.run(address(old));
    assert.equal(await asked(), address(old));
    set.run(address(now));
    assert.equal(await asked(), address(old), 'the test itself: the old answer is cached');
  }

  it('flushes after the read back, before OK: what a query put into the cache meanwhile is gone', async () => {
    proxy.behaviour = async ({ method }, pass) => {
      if (method !== 'PATCH') return undefined;
      const answer = await pass();
      await answersLate(1, 2);
      return answer;
    };
    await central.apply(replacing(1, 2), [], quietContext());
    assert.equal(await asked(), address(2));
  });

  it('flushes once more a moment later, for a query that was slower than the first flush', async () => {
    await central.apply(replacing(2, 3), [], quietContext());
    await answersLate(2, 3);
    assert.equal(await asked(), address(2));
    await nextFlush(proxy, clock);
    assert.equal(await asked(), address(3));
  });

  it('flushes what is still due when it is closed', async () => {
    const shortLived = powerdnsCentral(server, { address: proxy.url }, clock);
    await shortLived.apply(replacing(3, 4), [], quietContext());
    await answersLate(3, 4);
    await shortLived.close();
    assert.equal(await asked(), address(4));
  });

  it('lets the edit stand where the flush is refused, and says so once', async () => {
    const forbidden = { status: 403, contentType: 'text/plain', body: 'Forbidden' };
    proxy.behaviour = async (request) => await Promise.resolve(isFlush(request) ? forbidden : undefined);
    for (const [from, to] of [
      [4, 5],
      [5, 4],
      [4, 5],
    ] as const) {
      const { added } = await central.apply(replacing(from, to), [], quietContext());
      assert.deepEqual(
        added.map(({ rdata }) => rdata),
        [address(to)],
      );
    }
    assert.equal(await asked(), address(5));
    assert.deepEqual(logged, ['powerdns.flush-failed central.access-denied']);
  });

  it('flushes a moment later after a write whose answer was lost', async () => {
    let lost = false;
    proxy.behaviour = async ({ method }, pass) => {
      if (method === 'PATCH') {
        await pass();
        lost = true;
        return 'cut';
      }
      return lost && method === 'GET' ? 'cut' : undefined;
    };
    await assert.rejects(central.apply(replacing(5, 6), [], quietContext()));
    proxy.behaviour = undefined;
    await answersLate(5, 6);
    await nextFlush(proxy, clock);
    assert.equal(await asked(), address(6));
  });

  it('flushes after a zone is made and after it is deleted', async () => {
    const other = parseName('other.example.');
    for (const act of [
      async () => assert.equal(await central.createZone(other, seed, quietContext()), 'created'),
      async () => assert.equal(await central.deleteZone(other, quietContext()), 'deleted'),
    ]) {
      const earlier = proxy.requests.length;
      await act();
      const since = proxy.requests.slice(earlier);
      const write = since.findIndex(({ method }) => method === 'POST' || method === 'DELETE');
      const flush = since.findIndex((request) => isFlush(request) && request.path.endsWith(`=${other}`));
      assert.ok(write >= 0 && flush > write, since.map(({ method, path }) => `${method} ${path}`).join('\n'));
    }
  });
});
