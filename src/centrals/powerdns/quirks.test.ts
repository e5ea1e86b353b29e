import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { CentralError, type Central } from '../../core/central.ts';
import { parseName, type DnsName } from '../../dns/name.ts';
import { makeRecord, recordId, type ResourceRecord } from '../../dns/record.ts';
import type { Change } from '../../dns/zone.ts';
import { quietContext } from '../../testing/quiet-context.ts';
import { powerdnsCentral, rrsets } from '../../testing/accounts/powerdns.ts';
import { startPowerdns, type Powerdns } from '../../testing/servers/powerdns.ts';
import { runProgram } from '../../testing/servers/process.ts';

const seed = { addresses: [], nameServers: ['ns1.example.net'], mailServers: [] };

for (const backend of ['sqlite3', 'lmdb'] as const) {
  describe(`PowerDNS central, ${backend}: what others left there`, () => {
    let server: Powerdns;
    let central: Central;
    let zones = 0;

    before(async () => {
      server = await startPowerdns({ backend });
      central = powerdnsCentral(server);
    });
    after(async () => {
      await central.close();
      await server.dispose();
    });

    async function makeZone(): Promise<DnsName> {
      zones += 1;
      const zone = parseName(`quirk${zones}.example.`);
      assert.equal(await central.createZone(zone, seed, quietContext()), 'created');
      return zone;
    }

    const apply = async (change: Change) => await central.apply(change, [], quietContext());

    async function patch(zone: DnsName, ...sets: readonly object[]): Promise<void> {
      const changes = sets.map((set) => ({ changetype: 'REPLACE', ttl: 60, ...set }));
      const { status, text } = await server.call('PATCH', `/zones/${zone}`, { rrsets: changes });
      assert.equal(status, 204, text);
    }

    async function shown(zone: DnsName, name: string, type: string) {
      const set = (await rrsets(server, zone))?.find((one) => one.name === name && one.type === type);
      return (
        set?.records.map(({ content, disabled }) => (disabled ? `(${content})` : content)).toSorted() ?? []
      );
    }

    async function refusal(call: Promise<unknown>): Promise<CentralError> {
      return await call.then(
        () => assert.fail('the call was to be refused'),
        (error: unknown) => {
          assert.ok(error instanceof CentralError, String(error));
          return error;
        },
      );
    }

    it('has a new zone served at once, though it was asked for and denied a moment before', async () => {
      const name = `quirk${zones + 1}.example.`;
      const dig = async (): Promise<string> =>
        await runProgram('dig', ['@127.0.0.1', '-p', String(server.port), '+short', name, 'SOA']);
      assert.equal(await dig(), '');
      const zone = await makeZone();
      assert.match(await dig(), new RegExp(` hostmaster.${name} `, 'u'));
      assert.equal(await central.deleteZone(zone, quietContext()), 'deleted');
      assert.equal(await dig(), '');
    });

    it('neither shows, deletes nor enables disabled records, whoever disables them and when', async () => {
      const zone = await makeZone();
      const www = `www.${zone}`;
      const [one, two] = [1, 2].map((at) => makeRecord({ name: www, type: 'A', rdata: `192.0.2.${at}` }));
      const off = (content: string) => ({ content, disabled: true });
      const on = (content: string) => ({ content, disabled: false });
      await patch(zone, { name: www, type: 'A', records: [on('192.0.2.1'), off('192.0.2.9')] });
      assert.deepEqual((await central.readNames(zone, [parseName(www)], quietContext()))?.map(recordId), [
        recordId(one!),
      ]);
      await apply({ zone, remove: [], add: [two!] });
      assert.deepEqual(await shown(zone, www, 'A'), ['(192.0.2.9)', '192.0.2.1', '192.0.2.2']);
      // The central has read this zone's disabled record before. Now somebody disables another record.
      await apply({ zone, remove: [two!], add: [] });
      await patch(zone, {
        name: www,
        type: 'A',
        records: [on('192.0.2.1'), off('192.0.2.9'), off('192.0.2.8')],
      });
      await apply({ zone, remove: [one!], add: [two!] });
      assert.deepEqual(await shown(zone, www, 'A'), ['(192.0.2.8)', '(192.0.2.9)', '192.0.2.2']);
      await apply({ zone, remove: [two!], add: [] });
      assert.deepEqual(await shown(zone, www, 'A'), ['(192.0.2.8)', '(192.0.2.9)']);
      const asleep = makeRecord({ name: www, type: 'A', rdata: '192.0.2.9' });
      const error = await refusal(apply({ zone, remove: [], add: [asleep] }));
      assert.deepEqual([error.code, error.state, error.retry], ['central.exists', 'untouched', 'never']);
      assert.deepEqual(await shown(zone, www, 'A'), ['(192.0.2.8)', '(192.0.2.9)']);
    });

    it('says that one zone fails, not the server, where it cannot read a record of it (issue 12.9)', async () => {
      // Only a backend that stores text can contain a record that cannot be parsed. lmdb stores parsed
      // records.
      if (backend === 'lmdb') return;
      const zone = await makeZone();
      await central.readZone(zone, [], quietContext());
      const database = new DatabaseSync(join(server.folder, 'pdns.sqlite3'));
      const insert = `INSERT INTO records (domain_id, name, type, content, ttl, disabled, auth)
        SELECT id, 'bad.' || name, 'TXT', 'unquoted text', 60, 0, 1 FROM domains WHERE name = ?`;
      database.prepare(insert).run(zone.slice(0, -1));
      database.close();
      for (const read of [
        async () => await central.readZone(zone, [], quietContext()),
        async () => await central.readNames(zone, [parseName('bad', zone)], quietContext()),
      ]) {
        const { code, state, retry, params } = await refusal(read());
        assert.deepEqual([code, state, retry], ['central.zone-failing', 'untouched', 'later']);
        assert.equal(params['name'], zone.slice(0, -1));
        assert.match(params['text'] ?? '', /HTTP 500/u);
      }
      // The central has read the whole zone before, so edits of the other names still work.
      const www = makeRecord({ name: 'www', type: 'A', rdata: '192.0.2.1' }, zone);
      await apply({ zone, remove: [], add: [www] });
      const found = await central.readNames(zone, [www.name], quietContext());
      assert.deepEqual(found?.map(recordId), [recordId(www)]);
      const concerns = await central.concerns([zone], quietContext());
      assert.deepEqual(
        concerns.map(({ code, params }) => [code, params['name']]),
        [['central.zone-failing', zone.slice(0, -1)]],
      );
      assert.ok((await central.listZones([], quietContext())).includes(zone));
    });

    it('keeps the comments of an RRset it rewrites', async () => {
      // The backend lmdb stores no comments.
      if (backend === 'lmdb') return;
      const zone = await makeZone();
      const comments = [{ content: 'ask Ann', account: 'ann', modified_at: 1 }];
      await patch(zone, { name: `c.${zone}`, type: 'A', records: [{ content: '192.0.2.1' }], comments });
      const add = [makeRecord({ name: 'c', type: 'A', rdata: '192.0.2.2' }, zone)];
      await apply({ zone, remove: [], add });
      const { text } = await server.call('GET', `/zones/${zone}`);
      assert.match(text, /ask Ann/u);
      assert.equal((await shown(zone, `c.${zone}`, 'A')).length, 2);
    });

    it('reads types of PowerDNS alone as they are, and leaves them in what it rewrites', async () => {
      const zone = await makeZone();
      const lua = `A "ifportup(443, {'192.0.2.1', '192.0.2.2'})"`;
      await patch(
        zone,
        { name: `l.${zone}`, type: 'LUA', records: [{ content: lua }] },
        { name: `al.${zone}`, type: 'ALIAS', records: [{ content: 'Host.example.net.' }] },
      );
      const read = (await central.readZone(zone, [], quietContext())) ?? [];
      const found = read.filter(({ type }) => type === 'LUA' || type === 'ALIAS');
      assert.deepEqual(found.map(({ type }) => type).toSorted(), ['ALIAS', 'LUA']);
      await apply({ zone, remove: [], add: [makeRecord({ name: 'l', type: 'TXT', rdata: '"x"' }, zone)] });
      assert.deepEqual(await shown(zone, `l.${zone}`, 'LUA'), [lua]);
      const [first] = found.filter(({ type }) => type === 'LUA');
      assert.ok(first !== undefined);
      const second: ResourceRecord = {
        name: first.name,
        type: 'LUA',
        ttl: null,
        rdata: 'TXT "return os.date()"',
      };
      await apply({ zone, remove: [], add: [second] });
      assert.deepEqual(await shown(zone, `l.${zone}`, 'LUA'), [lua, second.rdata].toSorted());
      await apply({ zone, remove: [first, second], add: [] });
      assert.deepEqual(await shown(zone, `l.${zone}`, 'LUA'), []);
    });

    it('takes types by number, those it shows by a name of its own as well', async () => {
      const zone = await makeZone();
      for (const type of ['TYPE65400', 'TYPE65499']) {
        const record = makeRecord({ name: type, type, rdata: '\\# 2 0001' }, zone);
        assert.equal((await apply({ zone, remove: [], add: [record] })).added.length, 1);
        assert.equal((await apply({ zone, remove: [record], add: [] })).removed.length, 1);
      }
    });

    it('leaves texts of others as they were typed, and knows them in any spelling', async () => {
      const zone = await makeZone();
      const typed = '10 MAIL.Example.Net.';
      await patch(zone, { name: `MX.${zone}`, type: 'MX', records: [{ content: typed }] });
      const [held] = (await central.readNames(zone, [parseName('mx', zone)], quietContext())) ?? [];
      assert.equal(held?.rdata, '10 mail.example.net.');
      const add = [makeRecord({ name: 'mx', type: 'MX', rdata: '20 mail.example.net.' }, zone)];
      await apply({ zone, remove: [], add });
      const kept = (await rrsets(server, zone))
        ?.filter(({ type }) => type === 'MX')
        .flatMap(({ records }) => records);
      assert.equal(
        kept?.some(({ content }) => content === typed),
        true,
      );
      const gone = [makeRecord({ name: 'mx', type: 'MX', rdata: '10 mail.example.net.' }, zone), ...add];
      await apply({ zone, remove: gone, add: [] });
      assert.equal(
        (await rrsets(server, zone))?.some(({ type }) => type === 'MX'),
        false,
      );
    });

    it('has names with every character that the API takes, and says of others that it does not', async () => {
      const zone = await makeZone();
      for (const name of ['*', '*.deep.er', '_x._y', 'a/b', '0/25', '-x-', 'UPPER', 'xn--e1afmkfd']) {
        const record = makeRecord({ name, type: 'A', rdata: '192.0.2.1' }, zone);
        assert.deepEqual(central.audit({ zone, remove: [], add: [record] }), [], name);
        assert.equal((await apply({ zone, remove: [], add: [record] })).added.length, 1, name);
        assert.equal((await central.readNames(zone, [record.name], quietContext()))?.length, 1, name);
        assert.equal((await apply({ zone, remove: [record], add: [] })).removed.length, 1, name);
      }
      for (const name of ['sp\\032ace', 'do\\.t', 'a\\@b', 'a\\200', 'q"q', 'a*', 'a+b', 'a=b', 'x.*.y']) {
        const record = makeRecord({ name, type: 'A', rdata: '192.0.2.1' }, zone);
        const add = { zone, remove: [], add: [record] };
        assert.deepEqual(
          central.audit(add).map(({ code }) => code),
          ['central.value-unsupported'],
          name,
        );
        const error = await refusal(apply(add));
        assert.deepEqual([error.code, error.state], ['central.invalid-value', 'untouched'], name);
      }
    });

    it('has zones whose names cannot stand in a URL', async () => {
      for (const name of ['0/25.2.0.192.in-addr.arpa.', '_tcp.under.example.', 'UPPER.example.']) {
        const zone = parseName(name);
        assert.equal(await central.createZone(zone, seed, quietContext()), 'created');
        assert.equal((await central.listZones([], quietContext())).includes(zone), true);
        const record = makeRecord({ name: '1', type: 'PTR', rdata: 'host.example.net.' }, zone);
        await apply({ zone, remove: [], add: [record] });
        assert.equal((await central.readNames(zone, [record.name], quietContext()))?.length, 1);
        assert.equal(await central.deleteZone(zone, quietContext()), 'deleted');
      }
    });

    it('leaves alone what DNSSEC needs: SOA is refused, DNSKEY at the apex stays', async () => {
      const zone = await makeZone();
      const soa = makeRecord({ name: '@', type: 'SOA', rdata: 'a. b. 1 2 3 4 5' }, zone);
      assert.deepEqual(
        central.audit({ zone, remove: [], add: [soa] }).map(({ code }) => code),
        ['central.type-unsupported'],
      );
      const key =
        '257 3 13 oJMRESz5E4gYzS/q6XDrvU1qMPYIjCWzJaOau8XNEZeqCYKD5ar0IRd8KqXXFJkqmVfRvMGPmM1x8fGAa2XhSA==';
      await patch(zone, { name: zone, type: 'DNSKEY', records: [{ content: key }] });
      await apply({
        zone,
        remove: [],
        add: [makeRecord({ name: '@', type: 'A', rdata: '192.0.2.1' }, zone)],
      });
      assert.deepEqual(await shown(zone, zone, 'DNSKEY'), [key]);
    });

    it('does not make a zone below one of another account, nor take over one without account', async () => {
      const make = async (name: string, account: string) =>
        await server.call('POST', '/zones', { name, kind: 'Native', account });
      await make('bobs.example.', 'bob');
      await make('nobodys.example.', '');
      for (const [name, owner] of [
        ['a.b.bobs.example.', 'bobs.example'],
        ['nobodys.example.', 'nobodys.example'],
        ['x.nobodys.example.', 'nobodys.example'],
      ] as const) {
        const error = await refusal(central.createZone(parseName(name), seed, quietContext()));
        assert.deepEqual(
          [error.code, error.params['zone'], error.state],
          ['zone.foreign', owner, 'untouched'],
        );
      }
      const own = await makeZone();
      assert.equal(await central.createZone(parseName('below', own), seed, quietContext()), 'created');
      await make(`slave.${own}`, 'alice');
      await server.call('PUT', `/zones/slave.${own}`, { kind: 'Slave', masters: ['192.0.2.1'] });
      const copy = parseName('slave', own);
      for (const call of [
        async () => await central.readZone(copy, [], quietContext()),
        async () => await central.readNames(copy, [copy], quietContext()),
        async () => await central.createZone(copy, seed, quietContext()),
        async () => await central.deleteZone(copy, quietContext()),
      ]) {
        const { code, state } = await refusal(call());
        assert.deepEqual([code, state], ['zone.copy', 'untouched'], 'issue 12.10');
      }
      assert.equal((await central.listZones([], quietContext())).includes(copy), false);
    });

    it('makes a zone once when asked several times at once, on sqlite also by two processes', async () => {
      const zone = parseName('at-once.example.');
      // With lmdb, PowerDNS 4.7.3 leaves one of several simultaneous creates of a zone unanswered. So only
      // one client sends creates.
      const other = backend === 'sqlite3' ? powerdnsCentral(server) : central;
      const made = await Promise.all(
        [central, other, central, other].map(async (one) => await one.createZone(zone, seed, quietContext())),
      );
      const counts = ['created', 'exists'].map((what) => made.filter((one) => one === what).length);
      assert.deepEqual(counts, [1, 3]);
      if (other !== central) await other.close();
    });

    it('makes zones as the settings say', async () => {
      const own = powerdnsCentral(server, {
        zoneKind: 'Master',
        nameServers: ['ns8.example.net', 'ns9.example.net.'],
      });
      const zone = parseName('as-set.example.');
      await own.createZone(zone, seed, quietContext());
      const { text } = await server.call('GET', `/zones/${zone}`);
      const made = JSON.parse(text) as Record<string, unknown>;
      assert.deepEqual([made['kind'], made['account'], made['api_rectify']], ['Master', 'alice', false]);
      assert.deepEqual(await shown(zone, zone, 'NS'), ['ns8.example.net.', 'ns9.example.net.']);
      assert.equal((await own.listZones([], quietContext())).includes(zone), true);
      await own.close();
    });

    it('shows the serials of zones that others copy and whose edits count (issue 17)', async () => {
      const own = powerdnsCentral(server, { zoneKind: 'Master' });
      const [counted, uncounted] = [parseName('counted.example.'), parseName('uncounted.example.')];
      const native = await makeZone();
      for (const zone of [counted, uncounted]) await own.createZone(zone, seed, quietContext());
      await server.call('PUT', `/zones/${uncounted}`, { soa_edit_api: '' });
      for (const zone of [counted, uncounted, native]) await own.readZone(zone, [], quietContext());
      const serials = async (): Promise<ReadonlyMap<DnsName, number | null> | undefined> =>
        await own.listSerials?.([counted, uncounted, native], quietContext());
      const earlier = await serials();
      assert.equal(typeof earlier?.get(counted), 'number');
      assert.deepEqual([earlier?.get(uncounted), earlier?.get(native)], [null, null]);
      const record = makeRecord({ name: 'www', type: 'A', rdata: '192.0.2.1' }, counted);
      await own.apply({ zone: counted, remove: [], add: [record] }, [], quietContext());
      assert.notEqual((await serials())?.get(counted), earlier?.get(counted));
      await own.close();
    });

    it('shows the serials of native zones if the settings say that all raise them (issue 17)', async () => {
      const zone = await makeZone();
      const own = powerdnsCentral(server, { nativeSerials: true });
      await own.readZone(zone, [], quietContext());
      const serial = async (): Promise<number | null> =>
        (await own.listSerials?.([zone], quietContext()))?.get(zone) ?? null;
      const earlier = await serial();
      assert.ok(earlier !== null);
      const record = makeRecord({ name: 'www', type: 'A', rdata: '192.0.2.1' }, zone);
      await own.apply({ zone, remove: [], add: [record] }, [], quietContext());
      assert.ok(((await serial()) ?? 0) > earlier);
      await server.call('PUT', `/zones/${zone}`, { soa_edit_api: '' });
      await own.readZone(zone, [], quietContext());
      assert.equal(await serial(), null);
      await own.close();
    });

    it('serves an edit at once, also where the old answer was cached a moment ago', async () => {
      const zone = await makeZone();
      const [one, two] = [1, 2].map((at) =>
        makeRecord({ name: 'www', type: 'A', rdata: `192.0.2.${at}` }, zone),
      );
      const ask = async (): Promise<string> =>
        await runProgram('dig', ['+short', '-p', String(server.port), '@127.0.0.1', `www.${zone}`, 'A']);
      assert.equal(await ask(), '');
      await apply({ zone, remove: [], add: [one!] });
      for (let at = 0; at < 3; at += 1) assert.equal(await ask(), '192.0.2.1\n');
      await apply({ zone, remove: [one!], add: [two!] });
      assert.equal(await ask(), '192.0.2.2\n');
      await apply({ zone, remove: [two!], add: [] });
      assert.equal(await ask(), '');
    });

    it('leaves a signed zone that proves what is there and what is not', async () => {
      const zone = parseName('signed.example.');
      const body = {
        name: zone,
        kind: 'Native',
        account: 'alice',
        nameservers: ['ns1.example.net.'],
        dnssec: true,
      };
      assert.equal((await server.call('POST', '/zones', { ...body, api_rectify: false })).status, 201);
      const [b, d] = ['b', 'd'].map((name) => makeRecord({ name, type: 'A', rdata: '192.0.2.1' }, zone));
      const chain = async (): Promise<string[]> => {
        const words = ['+dnssec', '-p', String(server.port), '@127.0.0.1', `c.${zone}`, 'A'];
        const said = await runProgram('dig', words);
        return [...said.matchAll(/^(\S+)\s+\d+\s+IN\s+NSEC\s+(\S+)/gmu)].map(
          ([, from, to]) => `${from} ${to}`,
        );
      };
      await apply({ zone, remove: [], add: [b!, d!] });
      assert.equal((await chain()).includes(`b.${zone} d.${zone}`), true, (await chain()).join());
      const other = makeRecord({ name: 'b', type: 'A', rdata: '192.0.2.2' }, zone);
      await apply({ zone, remove: [b!], add: [other] });
      assert.equal((await chain()).includes(`b.${zone} d.${zone}`), true, (await chain()).join());
      await apply({ zone, remove: [d!], add: [] });
      assert.equal((await chain()).includes(`b.${zone} ${zone}`), true, (await chain()).join());
    });
  });
}

describe('PowerDNS central, sqlite3: what others left in the database', () => {
  it('takes records that are there twice for one, and writes them once', async (t) => {
    const server = await startPowerdns();
    const central = powerdnsCentral(server);
    t.after(async () => {
      await central.close();
      await server.dispose();
    });
    const zone = parseName('twice.example.');
    await central.createZone(zone, seed, quietContext());
    const database = new DatabaseSync(join(server.folder, 'pdns.sqlite3'));
    for (const content of ['192.0.2.1', '192.0.2.1', '192.0.2.2'])
      database.exec(`INSERT INTO records (domain_id, name, type, content, ttl, prio, disabled, auth)
        SELECT id, 'www.twice.example', 'A', '${content}', 60, 0, 0, 1 FROM domains`);
    database.close();
    const www = parseName('www', zone);
    assert.equal((await central.readNames(zone, [www], quietContext()))?.length, 2);
    const record = makeRecord({ name: 'www', type: 'A', rdata: '192.0.2.2' }, zone);
    await central.apply({ zone, remove: [record], add: [] }, [], quietContext());
    const [left] = (await rrsets(server, zone))?.filter(({ name }) => name === www) ?? [];
    assert.deepEqual(left?.records, [{ content: '192.0.2.1', disabled: false }]);
  });
});
