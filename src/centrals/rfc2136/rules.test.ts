/**
 * Tests what BIND (and Knot) decide by rules of their own: limits of TTLs, DNAME, wildcards, delegations, and
 * who may query.
 */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { CentralError, type Altered, type Central } from '../../core/central.ts';
import { parseName, zoneName, type DnsName } from '../../dns/name.ts';
import { formatRecord, makeRecord, type ResourceRecord } from '../../dns/record.ts';
import { changeNames } from '../../dns/zone.ts';
import { quietContext } from '../../testing/quiet-context.ts';
import { centralAt } from '../../testing/accounts/name-server.ts';
import { startKnot } from '../../testing/servers/knot.ts';
import { makeKey, type NameServer, type NameServerOptions } from '../../testing/servers/name-server.ts';
import { startNamed } from '../../testing/servers/named.ts';
import { missingPrograms } from '../../testing/servers/process.ts';

const zone = zoneName('rules.example');
const bindMissing = missingPrograms('named', 'rndc');
const knotMissing = missingPrograms('knotd', 'knotc');

interface Scene {
  readonly server: NameServer;
  readonly central: Central;
  readonly read: (name: string) => Promise<string[]>;
  readonly apply: (remove: readonly ResourceRecord[], add: readonly ResourceRecord[]) => Promise<Altered>;
}

function record(name: string, type: string, rdata: string, ttl: number | null = null): ResourceRecord {
  return { ...makeRecord({ name, type, rdata }, zone), ttl };
}

async function scene(
  t: TestContext,
  start: (options: NameServerOptions) => Promise<NameServer>,
  records: string,
): Promise<Scene> {
  const key = makeKey();
  const server = await start({ keys: [key], zones: [{ zone, records }] });
  const central = centralAt(server, key);
  t.after(async () => {
    await central.close();
    await server.dispose();
  });
  const present = async (names: readonly DnsName[]) =>
    (await central.readNames(zone, names, quietContext())) ?? [];
  return {
    server,
    central,
    read: async (name) =>
      (await present([parseName(name, zone)])).map((one) => `${formatRecord(one)} ${one.ttl ?? '-'}`).sort(),
    apply: async (remove, add) => {
      const change = { zone, remove, add };
      return await central.apply(change, await present(changeNames(change)), quietContext());
    },
  };
}

/** Starts BIND with additional lines in its `options`. */
function withOptions(extra: string): (options: NameServerOptions) => Promise<NameServer> {
  return async (options) => await startNamed({ ...options, extra });
}

async function refused(call: Promise<unknown>): Promise<CentralError> {
  const error: unknown = await call.then(
    (value) => value,
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof CentralError, JSON.stringify(error));
  return error;
}

describe('issue 12.8: REFUSED to queries is not absence', { skip: bindMissing }, () => {
  it('BIND with allow-query for others: the zone is there, and nobody says that it is missing', async (t) => {
    const { central, server, apply } = await scene(
      t,
      withOptions('allow-query { 127.0.0.9; };'),
      'www A 192.0.2.1',
    );
    const name = parseName('www', zone);
    const seed = { addresses: [], nameServers: [], mailServers: [] };
    const calls: readonly (() => Promise<unknown>)[] = [
      () => central.listZones([zone], quietContext()),
      () => central.readZone(zone, [{ name, type: 'A' }], quietContext()),
      () => central.readNames(zone, [name], quietContext()),
      () => central.mayCreateZone(zone, seed, quietContext()),
      () => central.createZone(zone, seed, quietContext()),
      () => central.deleteZone(zone, quietContext()),
      () => central.signing(zone, quietContext()),
      () => apply([], [record('new', 'A', '192.0.2.2')]),
    ];
    for (const call of calls) {
      const error = await refused(call());
      assert.deepEqual(
        [error.code, error.state, error.retry, error.params['name']],
        ['central.query-refused', 'untouched', 'later', 'rules.example'],
      );
    }
    // A zone that the server does not have is still reported as missing.
    const absent = zoneName('absent.example');
    assert.equal(await central.readNames(absent, [absent], quietContext()), null);
    const error = await refused(central.createZone(absent, seed, quietContext()));
    assert.equal(error.code, 'zone.create-there-first');
    assert.match(server.log(), /denied/u);
  });

  it('BIND that shuts queries out later: a zone that was ours is not gone', async (t) => {
    const { central, server } = await scene(t, withOptions('allow-query { any; };'), 'www A 192.0.2.1');
    const name = parseName('www', zone);
    assert.equal((await central.readNames(zone, [name], quietContext()))?.length, 1);
    await allowQueries(server, '127.0.0.9');
    for (const call of [
      () => central.readNames(zone, [name], quietContext()),
      () => central.readZone(zone, [{ name, type: 'A' }], quietContext()),
      () => central.listZones([zone], quietContext()),
    ])
      assert.equal((await refused(call())).code, 'central.query-refused');
    await allowQueries(server, 'any');
    assert.equal((await central.readNames(zone, [name], quietContext()))?.length, 1);
  });

  it('one zone that may not be queried holds up no other', async (t) => {
    const { central, server } = await scene(t, startNamed, '');
    const shut = zoneName('shut.example');
    await server.addZones([{ zone: shut, options: 'allow-query { 127.0.0.9; };' }]);
    assert.deepEqual(await central.listZones([shut, zone], quietContext()), [zone]);
  });
});

/** Changes who may query the server: in its configuration, then by `rndc reconfig`, like an administrator. */
async function allowQueries(server: NameServer, from: string): Promise<void> {
  configure(server, /allow-query \{ [^;]+; \}/u, `allow-query { ${from}; }`);
  if ('rndc' in server && typeof server.rndc === 'function') await server.rndc('reconfig');
}

function configure({ folder }: NameServer, from: RegExp, to: string): void {
  const file = join(folder, 'named.conf');
  writeFileSync(file, readFileSync(file, 'utf8').replace(from, to));
}

const ds = record('sub', 'DS', `1 13 2 ${'ab'.repeat(32)}`);
const kinds = [
  { title: 'BIND', start: startNamed, skip: bindMissing },
  { title: 'Knot', start: startKnot, skip: knotMissing },
] as const;

describe('issue 12.4: one behaviour at a limit of TTLs, which is named', { skip: bindMissing }, () => {
  const limit = 'max-zone-ttl 3600;';
  const old = record('www', 'A', '192.0.2.1', 3_600);
  const long = record('www', 'A', '192.0.2.1', 86_400);
  const edits = [
    ['a new record', [], [record('www', 'TXT', '"x"', 86_400)]],
    ['the TTL alone', [old], [long]],
    ['another value and TTL', [old], [record('www', 'A', '192.0.2.2', 86_400)]],
    ['two records', [], [record('a', 'A', '192.0.2.2', 86_400), record('b', 'A', '192.0.2.2', 60)]],
  ] as const;
  for (const [what, remove, add] of edits) {
    it(`BIND with max-zone-ttl, ${what}: refused, and nothing of it is left`, async (t) => {
      const { apply, read, server, central } = await scene(t, withOptions(limit), 'www A 192.0.2.1');
      const error = await refused(apply(remove, add));
      assert.deepEqual([error.code, error.state, error.retry], ['central.ttl-limit', 'untouched', 'never']);
      assert.deepEqual([error.params['limit'], error.params['ttl']], ['3600', '86400']);
      assert.deepEqual(await read('www'), ['www.rules.example A 192.0.2.1 3600']);
      assert.deepEqual([...(await read('a')), ...(await read('b'))], []);
      // Without the limit, the same change works.
      await server.stop();
      configure(server, /max-zone-ttl 3600;/u, '');
      await server.start();
      assert.equal((await apply(remove, add)).added.length, add.length);
      await central.check(quietContext());
    });
  }

  it('a TTL that nobody named is the server’s to choose', async (t) => {
    const { apply, read, server } = await scene(t, withOptions(limit), 'www 300 A 192.0.2.1');
    configure(server, /max-zone-ttl 3600/u, 'max-zone-ttl 300');
    if ('rndc' in server && typeof server.rndc === 'function') await server.rndc('reconfig');
    assert.equal((await apply([], [record('new', 'A', '192.0.2.2')])).added.length, 1);
    assert.deepEqual(await read('new'), ['new.rules.example A 192.0.2.2 300']);
    assert.equal((await apply([], [record('www', 'A', '192.0.2.3')])).added.length, 1);
  });
});

describe('issue 12.4: what BIND leaves out without a word', { skip: bindMissing }, () => {
  for (const one of [
    record('*', 'NS', 'ns.example.net.'),
    record('*.deep', 'NS', 'ns.example.net.'),
    record('*', 'DNAME', 'elsewhere.example.'),
    record('alone', 'DS', `1 13 2 ${'ab'.repeat(32)}`),
  ]) {
    it(`${formatRecord(one).slice(0, 30)}: refused for certain, with the record`, async (t) => {
      const { apply, read } = await scene(t, startNamed, 'www A 192.0.2.1');
      const error = await refused(apply([], [one]));
      assert.deepEqual([error.code, error.state, error.retry], ['central.left-out', 'untouched', 'never']);
      assert.equal(error.params['record'], formatRecord(one));
      assert.deepEqual(await read('*'), []);
      // The next change adds a second record, which the server accepts. So the error names the same record,
      // but its state is `partial`.
      const more = record('www', 'A', '192.0.2.2');
      const partly = await refused(apply([record('www', 'A', '192.0.2.1')], [more, one]));
      assert.deepEqual([partly.code, partly.state, partly.retry], ['central.left-out', 'partial', 'never']);
    });
  }
});

for (const { title, start, skip } of kinds) {
  describe(`issue 12.5: the DS of a delegation at ${title}`, { skip }, () => {
    const [one, two] = [record('sub', 'NS', 'ns1.example.net.'), record('sub', 'NS', 'ns2.example.net.')];
    const records = `sub NS ns1.example.net.\nsub NS ns2.example.net.\nsub DS ${ds.rdata}`;
    const shown = [one, two, ds].map((held) => `${formatRecord(held)} 3600`).sort();

    it('stands in the way of deleting its NS', async (t) => {
      const { apply, read, central } = await scene(t, start, records);
      const error = await refused(apply([one, two], []));
      assert.deepEqual([error.code, error.state, error.retry], ['central.ds-first', 'untouched', 'never']);
      assert.equal(error.params['name'], 'sub.rules.example');
      assert.deepEqual(await read('sub'), shown);
      // The refusal also comes if the NS records are deleted one by one, and if the caller's read lacks the
      // DS.
      assert.equal((await apply([one], [])).removed.length, 1);
      const present = [{ ...two, ttl: 3_600, handle: '' }];
      const change = { zone, remove: [two], add: [] };
      assert.equal((await refused(central.apply(change, present, quietContext()))).code, 'central.ds-first');
      assert.equal((await apply([two], [one])).added.length, 1);
      assert.ok((await read('sub')).includes(`${formatRecord(ds)} 3600`));
    });

    it('goes with them where the edit says so, or goes first', async (t) => {
      const { apply, read } = await scene(t, start, records);
      assert.equal((await apply([one, two, ds], [])).removed.length, 3);
      assert.deepEqual(await read('sub'), []);
      await apply([], [one]);
      await apply([], [ds]);
      await apply([ds], []);
      assert.equal((await apply([one], [])).removed.length, 1);
      assert.deepEqual(await read('sub'), []);
    });

    it('is no matter where another delegation replaces it, or none was there', async (t) => {
      const { apply, read } = await scene(t, start, records);
      const next = record('sub', 'NS', 'ns9.example.net.');
      assert.equal((await apply([one, two], [next])).added.length, 1);
      assert.ok((await read('sub')).includes(`${formatRecord(ds)} 3600`));
      const plain = record('plain', 'NS', 'ns1.example.net.');
      await apply([], [plain]);
      assert.equal((await apply([plain], [])).removed.length, 1);
    });
  });
}
