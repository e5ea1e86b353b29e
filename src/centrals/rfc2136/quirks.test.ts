/**
 * Tests where BIND and Knot differ from each other and from the RFCs: wildcards, delegations, silent
 * refusals, policies.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { CentralError, type Altered, type Central, type CentralRecord } from '../../core/central.ts';
import { parseName, type DnsName } from '../../dns/name.ts';
import { formatRecord, makeRecord, recordId, type ResourceRecord } from '../../dns/record.ts';
import { changeNames, type Change } from '../../dns/zone.ts';
import { DnsClient } from '../../net/dns/client.ts';
import { quietContext } from '../../testing/quiet-context.ts';
import { centralAt, nameServerSubject, update } from '../../testing/accounts/name-server.ts';
import { startKnot } from '../../testing/servers/knot.ts';
import { makeKey, type NameServer } from '../../testing/servers/name-server.ts';
import { startNamed } from '../../testing/servers/named.ts';
import { missingPrograms } from '../../testing/servers/process.ts';

type Subject = Awaited<ReturnType<typeof nameServerSubject>>;

const zone = parseName('quirks.example.');
const records = `
www A 192.0.2.1
* A 192.0.2.99
*.w CNAME www
sub NS ns1.sub
sub NS ns.example.net.
ns1.sub A 192.0.2.7
d DNAME elsewhere.example.
`;

function record(name: string, type: string, rdata: string): ResourceRecord {
  return makeRecord({ name, type, rdata }, zone);
}

const programs = { BIND: ['named', 'rndc', 'nsupdate'], Knot: ['knotd', 'knotc', 'nsupdate'] } as const;
const starts = { BIND: startNamed, Knot: startKnot } as const;

for (const kind of ['BIND', 'Knot'] as const) {
  describe(`${kind} in its own ways`, { skip: missingPrograms(...programs[kind]) }, () => {
    let subject: Subject;
    let central: Central;
    before(async () => {
      subject = await nameServerSubject(starts[kind]);
      central = subject.central;
      await subject.server.addZones([{ zone, records }]);
    });
    after(() => subject.stop());

    const read = async (name: string): Promise<string[]> => {
      const found = await central.readNames(zone, [parseName(name, zone)], quietContext());
      return (found ?? []).map((one) => formatRecord(one)).sort();
    };
    const present = async (change: Change): Promise<readonly CentralRecord[]> =>
      (await central.readNames(zone, changeNames(change), quietContext())) ?? [];
    const apply = async (
      remove: readonly ResourceRecord[],
      add: readonly ResourceRecord[],
    ): Promise<Altered> => {
      const change = { zone, remove, add };
      return await central.apply(change, await present(change), quietContext());
    };
    const truth = async (): Promise<Set<string>> =>
      new Set((await subject.otherWriter.records(zone))?.map(recordId));

    it('sends all queries about one name at once', async (t) => {
      await read('www');
      const { mock } = t.mock.method(DnsClient.prototype, 'exchange');
      const reading = central.readNames(zone, [parseName('www', zone)], quietContext(), new Set(['A']));
      while (mock.callCount() === 0) await new Promise((resolve) => setImmediate(resolve));
      await Promise.race(mock.calls.map(({ result }) => Promise.resolve(result)));
      const atOnce = mock.callCount();
      assert.deepEqual((await reading)?.map(formatRecord), ['www.quirks.example A 192.0.2.1']);
      const queries = mock.calls.filter(({ arguments: [message] }) => message.opcode === 'query');
      assert.equal(atOnce, queries.length);
    });

    it('takes no answer made up from a wildcard for data', async () => {
      assert.deepEqual(await read('nothing'), []);
      assert.deepEqual(await read('a.b.nothing'), []);
      assert.deepEqual(await read('x.w'), []);
      assert.deepEqual(await read('*'), ['*.quirks.example A 192.0.2.99']);
      assert.deepEqual(await read('*.w'), ['*.w.quirks.example CNAME www.quirks.example.']);
      assert.deepEqual(await read('w'), []);
      const added = record('x.w', 'A', '192.0.2.5');
      assert.equal((await apply([], [added])).added.length, 1);
      assert.deepEqual(await read('x.w'), ['x.w.quirks.example A 192.0.2.5']);
      assert.equal((await apply([added], [])).removed.length, 1);
      assert.equal((await truth()).has(recordId(added)), false);
    });

    it('edits a delegation, its DS and its glue, though queries for them are answered with a referral', async () => {
      const [one, two] = ['sub NS ns.example.net.', 'sub NS ns1.sub'].map((text) => {
        const [name = '', type = '', rdata = ''] = text.split(' ');
        return formatRecord(record(name, type, rdata));
      });
      assert.deepEqual(await read('sub'), [one, two]);
      const ds = record('sub', 'DS', `1 13 2 ${'ab'.repeat(32)}`);
      await apply([], [ds]);
      assert.deepEqual(await read('sub'), [formatRecord(ds), one, two]);
      assert.deepEqual(await read('ns1.sub'), ['ns1.sub.quirks.example A 192.0.2.7']);
      const [old, next] = [record('ns1.sub', 'A', '192.0.2.7'), record('ns1.sub', 'A', '192.0.2.8')];
      await apply([old], [next]);
      assert.deepEqual(await read('ns1.sub'), ['ns1.sub.quirks.example A 192.0.2.8']);
      await apply([next], []);
      assert.deepEqual(await read('ns1.sub'), []);
      await apply([], [old]);
      await apply([ds], []);
      assert.deepEqual(await read('sub'), [one, two]);
    });

    it('proves by prerequisites what no query shows, and says so when something hidden is in the way', async () => {
      const hidden = record('deep.sub', 'TXT', '"below the cut"');
      assert.equal((await apply([], [hidden])).added.length, 1);
      assert.equal((await truth()).has(recordId(hidden)), true);
      assert.deepEqual(await read('deep.sub'), []);
      const error = await refused(apply([], [record('deep.sub', 'TXT', '"another"')]));
      assert.deepEqual([error.code, error.state, error.retry], ['central.hidden', 'untouched', 'never']);
      assert.match(error.params['record'] ?? '', /^deep\.sub/u);
      assert.equal(error.params['cut'], 'sub.quirks.example');
    });

    it('does not take what a DNAME makes up for data', async () => {
      assert.deepEqual(await read('x.d'), []);
      assert.deepEqual(await read('d'), ['d.quirks.example DNAME elsewhere.example.']);
    });

    it('notices a CNAME that came between the read and the write', async () => {
      const change = { zone, remove: [], add: [record('late', 'A', '192.0.2.1')] };
      const seen = await present(change);
      await subject.otherWriter.add(zone, record('late', 'CNAME', 'www'));
      const error = await refused(central.apply(change, seen, quietContext()));
      assert.deepEqual(
        [error.code, error.state, error.retry],
        ['central.invalid-value', 'untouched', 'never'],
      );
      assert.deepEqual(await read('late'), ['late.quirks.example CNAME www.quirks.example.']);
    });

    it('removes what others spelled in their own way: texts in pieces, names in capitals', async () => {
      await update(subject.server, subject.key, zone, 'update add odd.quirks.example. 60 TXT "a" "b"');
      await update(
        subject.server,
        subject.key,
        zone,
        'update add odd.quirks.example. 60 MX 10 MAIL.Example.NET.',
      );
      assert.deepEqual(await read('odd'), [
        'odd.quirks.example MX 10 mail.example.net.',
        'odd.quirks.example TXT "ab"',
      ]);
      const [text, mail] = [record('odd', 'TXT', '"ab"'), record('odd', 'MX', '10 mail.example.net.')];
      const altered = await apply(
        [text, mail],
        [record('odd', 'TXT', '"c"'), record('odd', 'MX', '20 mail.example.net.')],
      );
      assert.equal(altered.removed.length, 2);
      assert.deepEqual(await read('odd'), [
        'odd.quirks.example MX 20 mail.example.net.',
        'odd.quirks.example TXT "c"',
      ]);
    });

    it('sends the content of a big zone in several messages', async () => {
      const big = parseName('big.example.');
      await subject.server.addZones([{ zone: big }]);
      const all = Array.from({ length: 700 }, (_, at) =>
        makeRecord({ name: `t${at}`, type: 'TXT', rdata: `"${'x'.repeat(200)}${at}"` }, big),
      );
      const change = { zone: big, remove: [], add: all };
      const altered = await central.apply(change, [], quietContext());
      assert.equal(altered.added.length, all.length);
      const found = await central.readZone(big, all, quietContext());
      assert.equal(found?.length, all.length);
    });

    it('tells a wrong clock, with how far it is off', async () => {
      const wall = (): number => Date.now() + 3_600_000;
      const late = centralAt(subject.server, subject.key, {}, wall);
      const error = await refused(late.readNames(zone, [zone], quietContext()));
      assert.deepEqual([error.code, error.state, error.retry], ['central.clock', 'untouched', 'later']);
      assert.ok(Math.abs(Number(error.params['seconds']) - 3_600) < 30, error.params['seconds']);
      await late.close();
    });

    it('takes a key that no zone knows for a mistake, one that only this zone does not know for a foreign zone', async () => {
      const stranger = centralAt(subject.server, makeKey('nobody-key'));
      const error = await refused(stranger.listZones([zone], quietContext()));
      assert.deepEqual([error.code, error.state], ['central.access-denied', 'untouched']);
      await stranger.close();
      const foreign = parseName('not-ours.example.');
      await subject.server.addZones([{ zone: foreign, keys: ['bob-key'] }]);
      assert.deepEqual(await central.listZones([foreign, zone], quietContext()), [zone]);
      // The server accepted the key for another zone. So the key is right, and this zone is foreign.
      assert.deepEqual(await central.listZones([foreign], quietContext()), []);
    });

    it('keeps a zone and one below it apart, where the server has both', async () => {
      const [above, below] = [parseName('above.example.'), parseName('below.above.example.')];
      await subject.server.addZones([
        { zone: above, records: 'www A 192.0.2.1' },
        { zone: below, records: 'www A 192.0.2.2' },
      ]);
      const names = (of: DnsName): DnsName[] => ['www', 'nothing'].map((name) => parseName(name, of));
      const own = await central.readNames(below, [below, ...names(below)], quietContext());
      const found = own?.filter(({ type }) => type === 'A').map((one) => formatRecord(one));
      assert.deepEqual(found, ['www.below.above.example A 192.0.2.2']);
      // The server answers for the name from the lower zone. This shows nothing about the upper zone, and
      // does not prove that the upper zone is gone.
      const [, hidden = above] = names(below);
      const upper = await central.readNames(above, [...names(above), hidden], quietContext());
      assert.deepEqual(
        upper?.map((one) => formatRecord(one)),
        ['www.above.example A 192.0.2.1'],
      );
    });

    it('takes a zone that is frozen for a while for nobody’s and not for gone, also when it is new to us', async () => {
      await freeze(subject.server, zone, true);
      const fresh = centralAt(subject.server, subject.key);
      try {
        const error = await refused(fresh.readNames(zone, [zone], quietContext()));
        assert.deepEqual(
          [error.code, error.state, error.retry],
          ['central.zone-failing', 'untouched', 'later'],
        );
      } finally {
        await freeze(subject.server, zone, false);
      }
      assert.notEqual(await fresh.readNames(zone, [zone], quietContext()), null);
      await fresh.close();
    });

    it('gives up at the deadline when the server is silent, and goes on when it speaks again', async () => {
      const change = { zone, remove: [], add: [record('slow', 'A', '192.0.2.1')] };
      const seen = await present(change);
      await subject.server.halt();
      const signal = AbortSignal.timeout(3_000);
      const error = await refused(central.apply(change, seen, { signal, operation: '-' }));
      assert.deepEqual([error.code, error.state, error.retry], ['central.unreachable', 'unknown', 'later']);
      subject.server.resume();
      await apply([], change.add);
      assert.equal((await truth()).has(recordId(record('slow', 'A', '192.0.2.1'))), true);
    });
  });
}

/** Freezes or thaws a zone, like a provider who edits its file by hand. */
async function freeze(server: NameServer, own: DnsName, on: boolean): Promise<void> {
  const word = on ? 'freeze' : 'thaw';
  if ('rndc' in server && typeof server.rndc === 'function') await server.rndc(word, own);
  if ('knotc' in server && typeof server.knotc === 'function') await server.knotc('-b', `zone-${word}`, own);
}

async function refused(call: Promise<unknown>): Promise<CentralError> {
  const error: unknown = await call.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof CentralError, String(error));
  return error;
}

it('BIND: a key with few rights', { skip: missingPrograms('named', 'rndc') }, async (t) => {
  const key = makeKey();
  const own = parseName('few.example.');
  const policy = 'grant KEY name _domainsync.few.example. TXT; grant KEY subdomain few.example. A;';
  const server: NameServer = await startNamed({ keys: [key], zones: [{ zone: own }], policy });
  const central = centralAt(server, key);
  t.after(async () => {
    await central.close();
    await server.dispose();
  });
  const make = (type: string, rdata: string): ResourceRecord => makeRecord({ name: 'www', type, rdata }, own);
  const add = async (name: DnsName, one: ResourceRecord): Promise<Altered> =>
    await central.apply({ zone: name, remove: [], add: [one] }, [], quietContext());
  assert.deepEqual(await central.listZones([own], quietContext()), [own]);
  assert.equal((await add(own, make('A', '192.0.2.1'))).added.length, 1);
  const error = await refused(add(own, make('TXT', '"x"')));
  assert.deepEqual([error.code, error.state, error.retry], ['central.update-refused', 'untouched', 'never']);
});

it(
  'Knot: a key with the ACLs of docs/centrals.md',
  { skip: missingPrograms('knotd', 'knotc') },
  async (t) => {
    const key = makeKey();
    const own = parseName('few.example.');
    const rule = (types: string, match: string): string =>
      [
        'action: update',
        `update-type: [${types}]`,
        'update-owner: zone',
        `update-owner-match: ${match}`,
      ].join('\n    ');
    const policy = [rule('A, TXT', 'sub-or-equal'), rule('A, TXT, NS', 'sub')];
    const server: NameServer = await startKnot({ keys: [key], zones: [{ zone: own }], policy });
    const central = centralAt(server, key);
    t.after(async () => {
      await central.close();
      await server.dispose();
    });
    const add = async (name: string, type: string, rdata: string): Promise<Altered> => {
      const one = makeRecord({ name, type, rdata }, own);
      return await central.apply({ zone: own, remove: [], add: [one] }, [], quietContext());
    };
    assert.deepEqual(await central.listZones([own], quietContext()), [own]);
    assert.equal((await add('www', 'A', '192.0.2.1')).added.length, 1);
    assert.equal((await add('sub', 'NS', 'ns.example.net.')).added.length, 1);
    assert.equal((await add('@', 'TXT', '"x"')).added.length, 1);
    for (const [name, type, rdata] of [
      ['www', 'MX', '10 www'],
      ['@', 'NS', 'ns.example.net.'],
    ] as const)
      assert.equal((await refused(add(name, type, rdata))).code, 'central.update-refused');
  },
);
