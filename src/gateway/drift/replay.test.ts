import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { planRRsets, alteredBy } from '../../centrals/rrsets.ts';
import { zoneName } from '../../dns/name.ts';
import { makeRecord, type ResourceRecord } from '../../dns/record.ts';
import { rrsetId, type Change } from '../../dns/zone.ts';
import { sampleChange } from '../../testing/contracts/gateway-storage.ts';
import type { ChangeOutcome, UncheckedChange } from '../storage/storage.ts';
import type { ZoneDrift } from '../storage/zone-drift.ts';
import { recordsBefore } from '../work/stored-change.ts';
import { compare, replay } from './replay.ts';
import { mergeDrift } from './report.ts';
import { rrsetTexts, snapshotOf } from './snapshot.ts';

const zone = zoneName('example.org');

function record(name: string, type: string, rdata: string, ttl = 300): ResourceRecord {
  return makeRecord({ name, type, rdata, ttl }, zone);
}

/** A change with what the zone had before, as the gateway stores it. */
function stored(
  position: number,
  change: Change,
  present: readonly ResourceRecord[],
  outcome: ChangeOutcome | null,
): UncheckedChange {
  const { remove, add } = change;
  const facts = { remove, add, before: recordsBefore(change, present), outcome };
  return {
    change: { ...sampleChange(`key-${position}`), ...facts },
    position,
    endedAt: outcome === null ? null : 9,
  };
}

/** Carries out a change as every central does that writes whole RRsets. */
function carriedOut(
  change: Change,
  present: readonly ResourceRecord[],
): { readonly after: readonly ResourceRecord[]; readonly outcome: ChangeOutcome } {
  const held = present.map((one) => ({ ...one, handle: '' }));
  const edits = planRRsets(change, held);
  const written = new Set(edits.map(rrsetId));
  const after = [
    ...present.filter((one) => !written.has(rrsetId(one))),
    ...edits.flatMap((edit) => edit.after),
  ];
  return { after, outcome: { kind: 'done', ...alteredBy(change, edits) } };
}

const someRecord = fc
  .tuple(
    fc.constantFrom('a', 'b'),
    fc.constantFrom('192.0.2.1', '192.0.2.2', '192.0.2.3'),
    fc.constantFrom(60, 300),
  )
  .map(([name, rdata, ttl]) => record(name, 'A', rdata, ttl));
const someChange = fc.record({
  remove: fc.array(someRecord, { maxLength: 3 }),
  add: fc.array(someRecord, { maxLength: 3 }),
});

test('what the gateway itself has written never differs, and a change of somebody else always does', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(someChange, { maxLength: 6 }),
      fc.nat(6),
      fc.option(someChange, { nil: null }),
      async (changes, at, foreign) => {
        const soa = record('@', 'SOA', 'ns. host. 1 2 3 4 5');
        let present: readonly ResourceRecord[] = [soa];
        const before = await snapshotOf(await rrsetTexts(zone, present));
        const all: UncheckedChange[] = [];
        let isChanged = false;
        const disturb = async (): Promise<void> => {
          if (foreign === null) return;
          const { after } = carriedOut({ zone, ...foreign }, present);
          const [then, now] = [await rrsetTexts(zone, present), await rrsetTexts(zone, after)];
          isChanged = compare({ form: 'records', rrsets: then }, now).length > 0;
          present = after;
        };
        for (const [index, parts] of changes.entries()) {
          if (index === at) await disturb();
          const change = { zone, ...parts };
          const { after, outcome } = carriedOut(change, present);
          all.push(stored(index + 1, change, present, outcome));
          present = after;
        }
        if (at >= changes.length) await disturb();
        const { snapshot, differences } = replay(before, all.toReversed());
        const found = [...differences, ...compare(snapshot, await rrsetTexts(zone, present))];
        assert.equal(found.length > 0, isChanged);
      },
    ),
    { numRuns: 500 },
  );
});

test('a large zone has only digests; what differs in it is found, and what it had before is not known', async () => {
  const many = Array.from({ length: 3_000 }, (_, at) => record(`n${at}`, 'TXT', `"${'x'.repeat(20)}"`));
  const snapshot = await snapshotOf(await rrsetTexts(zone, many));
  assert.equal(snapshot.form, 'digests');
  const texts = await rrsetTexts(zone, many);
  assert.deepEqual(compare(snapshot, texts), []);
  const [first, ...rest] = many;
  assert.ok(first !== undefined);
  const add = { zone, remove: [], add: [record('new', 'A', '192.0.2.1')] };
  const done = carriedOut(add, many);
  const replayed = replay(snapshot, [stored(1, add, many, done.outcome)]);
  assert.deepEqual(compare(replayed.snapshot, await rrsetTexts(zone, done.after)), []);
  const differences = compare(snapshot, await rrsetTexts(zone, rest));
  const drift = mergeDrift(null, { state: 'records', differences, present: null, at: 1 });
  assert.deepEqual(drift?.rrsets, [{ name: first.name, type: 'TXT', before: null, after: [] }]);
});

test('after a change without a known outcome, its RRsets may have anything', async () => {
  const old = record('a', 'A', '192.0.2.1');
  const before = await snapshotOf(await rrsetTexts(zone, [old]));
  const change = { zone, remove: [old], add: [record('a', 'A', '192.0.2.2')] };
  const unknown = { kind: 'failed', code: 'x', params: {}, state: 'unknown', retry: 'later' } as const;
  for (const outcome of [null, { kind: 'interrupted' }, unknown] as const)
    for (const found of [[], [old], change.add]) {
      const { snapshot, differences } = replay(before, [stored(1, change, [old], outcome)]);
      assert.deepEqual([...differences, ...compare(snapshot, await rrsetTexts(zone, found))], []);
    }
  // An earlier release has stored it, so its place among the changes is not known.
  const { snapshot } = replay(before, [stored(0, change, [], { kind: 'done', removed: [], added: [] })]);
  assert.deepEqual(compare(snapshot, new Map()), []);
  const untouched = { ...unknown, state: 'untouched' } as const;
  const failed = replay(before, [stored(1, change, [old], untouched)]);
  assert.equal(compare(failed.snapshot, await rrsetTexts(zone, change.add)).length, 1);
});

test('serials, signatures and what belongs to them are not compared', async () => {
  const texts = await rrsetTexts(zone, [
    record('@', 'SOA', 'ns. host. 1 2 3 4 5'),
    record('@', 'DNSKEY', '257 3 13 AAAA'),
    record('@', 'CDS', `1 13 2 ${'00'.repeat(32)}`),
    record('@', 'ZONEMD', `1 1 1 ${'00'.repeat(48)}`),
  ]);
  const later = await rrsetTexts(zone, [record('@', 'SOA', 'ns. host. 9 2 3 4 5')]);
  assert.deepEqual(texts, later);
  const other = await rrsetTexts(zone, [record('@', 'SOA', 'ns. other. 9 2 3 4 5')]);
  assert.notDeepEqual(texts, other);
});

test('the list of what differs is bounded, and says how much more there is', async () => {
  const many = Array.from({ length: 300 }, (_, at) => record(`n${at}`, 'A', '192.0.2.1'));
  const long = Array.from({ length: 20 }, (_, at) => record(`t${at}`, 'TXT', `"${'x'.repeat(4_000)}"`));
  const found = async (records: readonly ResourceRecord[], earlier: ZoneDrift | null): Promise<ZoneDrift> => {
    const differences = compare({ form: 'records', rrsets: new Map() }, await rrsetTexts(zone, records));
    const drift = mergeDrift(earlier, { state: 'records', differences, present: null, at: 1 });
    assert.ok(drift !== null);
    return drift;
  };
  const first = await found(many, null);
  assert.deepEqual([first.rrsets.length, first.more], [100, 200]);
  const texts = await found(long, null);
  assert.ok(texts.more > 0 && JSON.stringify(texts).length < 70_000);
  const huge = await found([record('huge', 'TXT', `"${'x'.repeat(5_000)}"`)], null);
  assert.equal(huge.rrsets[0]?.after, null);
});
