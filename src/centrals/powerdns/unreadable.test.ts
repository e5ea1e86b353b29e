/** Tests a zone that PowerDNS itself cannot read, because its database has a record with invalid data. */
import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { CentralError, type Central } from '../../core/central.ts';
import { parseName, type DnsName } from '../../dns/name.ts';
import { makeRecord, recordId, type ResourceRecord } from '../../dns/record.ts';
import { quietContext } from '../../testing/quiet-context.ts';
import { startProxy, type HttpProxy } from '../../testing/proxies/http.ts';
import { powerdnsCentral } from '../../testing/accounts/powerdns.ts';
import { startPowerdns, type Powerdns } from '../../testing/servers/powerdns.ts';

const seed = { addresses: [], nameServers: ['ns1.example.net'], mailServers: [] };

describe('issue 12.9: an edit of a zone that PowerDNS cannot read, right after a start', () => {
  let server: Powerdns;
  let proxy: HttpProxy;
  let central: Central;
  let zone: DnsName;
  let zones = 0;

  before(async () => {
    server = await startPowerdns();
    proxy = await startProxy(server.url);
  });
  after(async () => {
    await proxy.close();
    await server.dispose();
  });
  beforeEach(async () => {
    zones += 1;
    zone = parseName(`broken${zones}.example.`);
    const maker = powerdnsCentral(server);
    await maker.createZone(zone, seed, quietContext());
    await maker.close();
    // A central that has not read the zone yet.
    central = powerdnsCentral(server, { address: proxy.url });
  });
  afterEach(async () => {
    proxy.behaviour = undefined;
    await central.close();
  });

  function database<T>(work: (db: DatabaseSync) => T): T {
    const db = new DatabaseSync(join(server.folder, 'pdns.sqlite3'), { timeout: 60_000 });
    try {
      return work(db);
    } finally {
      db.close();
    }
  }

  /** An owner name as the database stores it, without the final dot. */
  function ownerOf(name: string): string {
    const apex = zone.slice(0, -1);
    return name === '' ? apex : `${name}.${apex}`;
  }

  function put(...rows: readonly (readonly [string, string, string, 0 | 1])[]): void {
    database((db) => {
      const insert = db.prepare(`INSERT INTO records (domain_id, name, type, content, ttl, disabled, auth)
        SELECT id, ?, ?, ?, 60, ?, 1 FROM domains WHERE name = ?`);
      for (const [name, type, content, disabled] of rows) {
        insert.run(ownerOf(name), type, content, disabled, zone.slice(0, -1));
      }
    });
  }

  /** The contents that the database has at a name. Those of disabled records are in brackets. */
  function stored(name: string, type: string): readonly string[] {
    const text = `CASE disabled WHEN 1 THEN '(' || content || ')' ELSE content END`;
    const rows = database((db) =>
      db.prepare(`SELECT ${text} AS text FROM records WHERE name = ? AND type = ?`).all(ownerOf(name), type),
    );
    return rows.map((row) => String(row['text'])).toSorted();
  }

  const broken = (): void => put(['bad', 'TXT', 'unquoted text', 0]);

  const address = (name: string, last: number): ResourceRecord =>
    makeRecord({ name, type: 'A', rdata: `192.0.2.${last}` }, zone);

  async function add(...records: readonly ResourceRecord[]): Promise<readonly string[]> {
    const { added } = await central.apply({ zone, remove: [], add: records }, [], quietContext());
    return added.map(recordId);
  }

  async function failing(call: Promise<unknown>): Promise<void> {
    await assert.rejects(call, (error) => {
      assert.ok(error instanceof CentralError, String(error));
      assert.deepEqual(
        [error.code, error.state, error.retry],
        ['central.zone-failing', 'untouched', 'later'],
      );
      return true;
    });
  }

  it('passes by name, its undo as well, and never removes what is disabled', async () => {
    broken();
    put(['www', 'A', '192.0.2.1', 0], ['www', 'A', '192.0.2.9', 1], ['*', 'A', '192.0.2.8', 1]);
    put(['_x', 'A', '192.0.2.7', 1], ['ax', 'A', '192.0.2.6', 0], ['', 'A', '192.0.2.5', 1]);
    await failing(central.readZone(zone, [], quietContext()));
    const records = ['www', '*', '_x', '@'].map((name) => address(name, 20));
    assert.deepEqual(await add(...records), records.map(recordId));
    assert.deepEqual(stored('www', 'A'), ['(192.0.2.9)', '192.0.2.1', '192.0.2.20']);
    assert.deepEqual(stored('*', 'A'), ['(192.0.2.8)', '192.0.2.20']);
    assert.deepEqual(stored('_x', 'A'), ['(192.0.2.7)', '192.0.2.20']);
    assert.deepEqual(stored('', 'A'), ['(192.0.2.5)', '192.0.2.20']);
    const { removed } = await central.apply({ zone, remove: records, add: [] }, [], quietContext());
    assert.equal(removed.length, 4);
    assert.deepEqual(stored('www', 'A'), ['(192.0.2.9)', '192.0.2.1']);
    assert.deepEqual(stored('*', 'A'), ['(192.0.2.8)']);
    assert.deepEqual(stored('', 'A'), ['(192.0.2.5)']);
    assert.deepEqual(stored('bad', 'TXT'), ['unquoted text']);
  });

  it('passes where the disabled record itself is what cannot be read', async () => {
    put(['bad', 'TXT', 'unquoted text', 1]);
    await failing(central.readZone(zone, [], quietContext()));
    assert.equal((await add(address('www', 1))).length, 1);
    await failing(add(makeRecord({ name: 'bad', type: 'TXT', rdata: '"sound"' }, zone)));
    assert.deepEqual(stored('bad', 'TXT'), ['(unquoted text)']);
  });

  it('passes with more names than are read one by one otherwise', async () => {
    broken();
    put(['n7', 'A', '192.0.2.9', 1]);
    const records = Array.from({ length: 40 }, (_, at) => address(`n${at}`, 1));
    const names = records.map(({ name }) => name);
    assert.deepEqual(await central.readNames(zone, names, quietContext()), []);
    assert.equal((await add(...records)).length, records.length);
    assert.deepEqual(stored('n7', 'A'), ['(192.0.2.9)', '192.0.2.1']);
    assert.equal((await central.readNames(zone, names, quietContext()))?.length, records.length);
  });

  it('does not enable a disabled record', async () => {
    broken();
    put(['off', 'A', '192.0.2.9', 1]);
    await assert.rejects(add(address('off', 9)), { code: 'central.exists' });
    assert.deepEqual(stored('off', 'A'), ['(192.0.2.9)']);
  });

  it('is refused at the name that cannot be read', async () => {
    broken();
    await failing(add(makeRecord({ name: 'bad', type: 'TXT', rdata: '"sound"' }, zone)));
    await failing(add(address('bad', 1)));
    assert.deepEqual(stored('bad', 'TXT'), ['unquoted text']);
  });

  it('is refused where the search does not prove that it shows everything', async () => {
    broken();
    put(['www', 'A', '192.0.2.1', 0], ['www', 'A', '192.0.2.9', 1]);
    const json = { status: 200, contentType: 'application/json' };
    const rows = async (query: string): Promise<readonly Readonly<Record<string, unknown>>[]> =>
      JSON.parse((await server.call('GET', `/search-data?${query}`)).text) as [];
    const answers: readonly ((query: string) => Promise<{ status: number; body: string }>)[] = [
      // The server answers as if the backend did not support the search.
      async () => await Promise.resolve({ status: 200, body: '[]' }),
      // The answer comes from a proxy, which blocks the request or answers it itself.
      async () => await Promise.resolve({ status: 404, body: 'Not Found' }),
      async () => await Promise.resolve({ status: 403, body: 'Forbidden' }),
      async () => await Promise.resolve({ status: 200, body: '{}' }),
      // The answer has as many rows as were asked for, so there may be more.
      async (query) => {
        const all = await rows(query);
        const most = Number(new URLSearchParams(query).get('max'));
        assert.ok(most > 0);
        const more = Array.from({ length: most - all.length }, () => ({
          ...all[0],
          name: 'else.example.',
          zone: 'else.example.',
        }));
        return { status: 200, body: JSON.stringify([...all, ...more]) };
      },
      // The answer lacks a record that the read by name shows.
      async (query) => {
        const all = await rows(query);
        return { status: 200, body: JSON.stringify(all.filter(({ content }) => content !== '192.0.2.1')) };
      },
      // The rows belong to another zone.
      async (query) => {
        const all = await rows(query);
        return { status: 200, body: JSON.stringify(all.map((row) => ({ ...row, zone: 'else.example.' }))) };
      },
    ];
    for (const answer of answers) {
      proxy.behaviour = async ({ path }) => {
        const [, query] = path.split('/search-data?');
        return query === undefined ? undefined : { ...json, ...(await answer(query)) };
      };
      await failing(add(address('www', 20)));
      assert.deepEqual(stored('www', 'A'), ['(192.0.2.9)', '192.0.2.1']);
    }
  });

  it('needs no search where the server shows disabled records by name (5.0)', async () => {
    broken();
    proxy.behaviour = async ({ path }, pass) => {
      const answer = await pass();
      return path.endsWith('/localhost')
        ? { ...answer, body: answer.body.replace('4.7.3', '5.0.0') }
        : answer;
    };
    const start = proxy.requests.length;
    assert.equal((await add(address('www', 1))).length, 1);
    const paths = proxy.requests.slice(start).map(({ path }) => path);
    assert.ok(!paths.some((path) => path.includes('search-data')));
  });
});
