import assert from 'node:assert/strict';
import { it } from 'node:test';
import { parseName, type DnsName } from '../../../dns/name.ts';
import { formatRecord, makeRecord, recordId } from '../../../dns/record.ts';
import { everyType } from '../../every-type.ts';
import { quietContext } from '../../quiet-context.ts';
import { apexSets, makeZone, refusal, seed, steadyId, type ContractSubject } from './zone-bench.ts';

export function zoneCases(subject: () => ContractSubject): void {
  it('creates a zone once and deletes it once', async () => {
    const { central } = subject();
    if (!central.traits.managesZones) return await provided(subject(), parseName('made.example.'));
    const zone = parseName('made.example.');
    assert.equal((await central.listZones([], quietContext())).includes(zone), false);
    assert.equal(await central.createZone(zone, seed, quietContext()), 'created');
    assert.equal(await central.createZone(zone, seed, quietContext()), 'exists');
    assert.equal((await central.listZones([], quietContext())).includes(zone), true);
    assert.notEqual(await central.readZone(zone, [], quietContext()), null);
    assert.equal(await central.deleteZone(zone, quietContext()), 'deleted');
    assert.equal(await central.deleteZone(zone, quietContext()), 'missing');
    assert.equal((await central.listZones([], quietContext())).includes(zone), false);
    assert.equal(await central.readZone(zone, [], quietContext()), null);
  });

  it('tells without a write whether a zone could be made', async () => {
    const { central } = subject();
    if (!central.traits.managesZones) return;
    const zone = parseName('asked.example.');
    assert.equal(await central.mayCreateZone(zone, seed, quietContext()), 'free');
    assert.equal(await central.readZone(zone, [], quietContext()), null);
    await central.createZone(zone, seed, quietContext());
    assert.equal(await central.mayCreateZone(zone, seed, quietContext()), 'exists');
    await central.deleteZone(zone, quietContext());
  });

  it('creates a zone with its content in one write, where it can do that (issue 11.8)', async () => {
    const { central, otherWriter } = subject();
    if (!central.traits.createsWithContent) return;
    const zone = parseName('filled.example.');
    const content = Object.entries(everyType).flatMap(([type, data]) => {
      const single = type === 'CNAME' || type === 'DNAME';
      const name = `of-${type.toLowerCase()}`;
      return data.slice(0, single ? 1 : 2).map((rdata) => makeRecord({ name, type, rdata, ttl: 300 }, zone));
    });
    const made = await central.createZone(zone, seed, quietContext(), content);
    assert.notEqual(made, 'exists');
    const held = new Set((await otherWriter.records(zone))?.map(steadyId));
    for (const record of content) assert.ok(held.has(steadyId(record)), formatRecord(record));
    const read = (await central.readZone(zone, [], quietContext())) ?? [];
    // The answer to the create must show the records that a read returns.
    if (typeof made !== 'string') assert.deepEqual(made.map(recordId).sort(), read.map(recordId).sort());
    assert.deepEqual(
      content.map(recordId).filter((id) => !read.some((record) => recordId(record) === id)),
      [],
    );
    // A create adds no records to a zone that exists already.
    const more = [makeRecord({ name: 'more', type: 'A', rdata: '192.0.2.1' }, zone)];
    assert.equal(await central.createZone(zone, seed, quietContext(), more), 'exists');
    assert.deepEqual(
      await central.readNames(
        zone,
        more.map(({ name }) => name),
        quietContext(),
      ),
      [],
    );
    await central.deleteZone(zone, quietContext());
  });

  it('gives a zone another serial with each change, if its serials count (issue 17)', async () => {
    const { central, otherWriter } = subject();
    if (central.listSerials === undefined) return;
    const zone = parseName('serials.example.');
    await makeZone(subject(), zone);
    const listSerials = central.listSerials.bind(central);
    const serial = async (): Promise<number | null> => {
      await central.readZone(zone, apexSets(zone), quietContext());
      const listed = await listSerials([zone], quietContext());
      assert.deepEqual(
        [...listed.keys()].sort(),
        [...(await central.listZones([zone], quietContext()))].sort(),
      );
      const found = listed.get(zone);
      assert.ok(found !== undefined);
      return found;
    };
    const record = makeRecord({ name: 'www', type: 'A', rdata: '192.0.2.1', ttl: 300 }, zone);
    const first = await serial();
    assert.equal(await serial(), first);
    await otherWriter.add(zone, record);
    const second = await serial();
    await central.apply(
      { zone, remove: [record], add: [] },
      (await central.readNames(zone, [record.name], quietContext())) ?? [],
      quietContext(),
    );
    const third = await serial();
    if (first === null) assert.deepEqual([second, third], [null, null]);
    else assert.equal(new Set([first, second, third]).size, 3);
  });

  it('creates an internationalised zone under its punycode name', async () => {
    const { central } = subject();
    const zone = parseName('пример.example.');
    await makeZone(subject(), zone);
    assert.equal((await central.listZones([zone], quietContext())).includes(zone), true);
    assert.equal(await central.createZone(zone, seed, quietContext()), 'exists');
    if (central.traits.managesZones) assert.equal(await central.deleteZone(zone, quietContext()), 'deleted');
  });
}

/** Runs the same tests on a central where only the provider can create and delete zones. */
async function provided(subject: ContractSubject, zone: DnsName): Promise<void> {
  const { central } = subject;
  const isListed = async (): Promise<boolean> =>
    (await central.listZones([zone], quietContext())).includes(zone);
  assert.equal(await isListed(), false);
  const early = await refusal(central.createZone(zone, seed, quietContext()), 'zone.create-there-first');
  assert.deepEqual([early.state, early.retry], ['untouched', 'never']);
  assert.equal(await central.deleteZone(zone, quietContext()), 'missing');
  await makeZone(subject, zone);
  assert.equal(await isListed(), true);
  assert.equal(await central.createZone(zone, seed, quietContext()), 'exists');
  const kept = await refusal(central.deleteZone(zone, quietContext()), 'zone.delete-there');
  assert.deepEqual([kept.state, kept.retry], ['untouched', 'never']);
  assert.notEqual(await central.readZone(zone, apexSets(zone), quietContext()), null);
}
