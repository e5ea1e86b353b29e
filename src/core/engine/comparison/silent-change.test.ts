/** Tests rounds of comparisons that find changes in the panel which no call reported. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DnsName } from '../../../dns/name.ts';
import { parseName } from '../../../dns/name.ts';
import { makeRecord, type ResourceRecord } from '../../../dns/record.ts';
import { sampleOperation, sampleRow } from '../../../testing/contracts/journal.ts';
import { engineBench, entryOf, type Bench } from '../../../testing/engine-bench.ts';
import { recordsEvent } from '../../../testing/simulator/edits.ts';
import { a, zone } from '../../../testing/simulator/given.ts';
import type { Operation } from '../../operation.ts';
import type { PanelEvent } from '../../panel.ts';
import { baselineFact } from '../before/unknown-zone.ts';
import { enoughSilent, SilentChanges } from '../parts/silent-changes.ts';
import { compareZone } from './compare.ts';

const hour = 3_600_000;
const nobody = { name: 'alice', rank: 'user' } as const;

/** A synced zone with one record on both sides. */
async function given(operations: readonly Operation[] = []): Promise<Bench> {
  const bench = engineBench();
  const record = a('www', 1);
  bench.panel.zones.set(zone, [record]);
  bench.central.store.putZone(zone, [record]);
  await bench.journal.commit({
    operations,
    zones: [entryOf(zone)],
    rows: [{ zone, put: [sampleRow(1, { record })] }],
    facts: { [baselineFact]: '1' },
  });
  return bench;
}

/**
 * Gives the panel's zone these records, and compares it an hour later. @returns the number of rounds that
 * count
 */
async function found(bench: Bench, records: readonly ResourceRecord[], reason = 'periodic'): Promise<number> {
  bench.clock.stepWall(hour);
  bench.panel.zones.set(zone, records);
  bench.runtime.rounds.begin([zone]);
  await bench.run(compareZone(bench.runtime, zone, { reason, follow: 'no' }));
  return bench.runtime.silent.found.length;
}

function hint(zones: readonly DnsName[] | 'all'): PanelEvent {
  return { kind: 'hint', zones, source: 'site.edit', fingerprint: 'x', actor: nobody };
}

test('records that came, went or changed without a call count, once a round', async () => {
  const bench = await given();
  const from = bench.clock.wall();
  assert.equal(await found(bench, [a('www', 1), a('new', 2)]), 1);
  assert.equal(await found(bench, [a('www', 1)], 'asked'), 2);
  assert.equal(await found(bench, [a('www', 3)]), 3);
  const { silent } = bench.runtime;
  assert.deepEqual(
    silent.found.map(({ at, zone: where }) => [at, where]),
    [1, 2, 3].map((n) => [from + n * hour, zone]),
  );
  // The zone has not changed since the last round, so this round does not count.
  assert.equal(await found(bench, [a('www', 3)]), enoughSilent);
  // The first round is kept, because it shows since when calls are missing.
  assert.equal(await found(bench, [a('www', 4)]), enoughSilent);
  assert.equal(silent.found[0]?.at, from + hour);
  assert.equal(silent.found.at(-1)?.at, from + 5 * hour);
});

test('a restore or an import, whatever it changes, counts once: it is in one round', async () => {
  const bench = await given();
  bench.runtime.rounds.begin([zone]);
  for (const records of [[a('www', 2)], [a('www', 3)], [a('www', 4)]]) {
    bench.panel.zones.set(zone, records);
    await bench.run(compareZone(bench.runtime, zone, { reason: 'periodic', follow: 'no' }));
  }
  assert.equal(bench.runtime.silent.found.length, 1);
});

test('a call of a DNS form shows that the handlers work, also one that is refused or our own', async () => {
  const calls: readonly PanelEvent[] = [
    { kind: 'edits', edits: [recordsEvent(zone, [], 'before')] },
    { kind: 'edits', edits: [{ ...recordsEvent(zone, [], 'after'), echo: 'ours' }] },
    { kind: 'invalid', problems: [], actor: nobody, zone: null, creates: false },
  ];
  for (const call of calls) {
    const bench = await given();
    assert.equal(await found(bench, [a('www', 2)]), 1);
    assert.equal(await found(bench, [a('www', 3)]), 2);
    bench.runtime.silent.noticed(call);
    assert.equal(await found(bench, [a('www', 4)]), 1);
  }
});

test('what a function changes that hints at the zone does not count for two hours, yet proves nothing', async () => {
  const bench = await given();
  assert.equal(await found(bench, [a('www', 2)]), 1);
  for (const zones of [[zone], [parseName(`www.${zone}`)], 'all'] as const) {
    bench.runtime.silent.noticed(hint(zones));
    assert.equal(await found(bench, [a('www', 3)]), 1);
    assert.equal(await found(bench, [a('www', 3)]), 1);
    assert.equal(await found(bench, [a('www', 2)]), 2, String(zones));
    bench.runtime.silent.restore(bench.runtime.silent.found.slice(0, 1));
  }
  bench.runtime.silent.noticed(hint([parseName('other.example.')]));
  assert.equal(await found(bench, [a('www', 3)]), 2);
  const many = Array.from({ length: 2_000 }, (_, n) => parseName(`n${n}.example.`));
  bench.runtime.silent.noticed(hint(many));
  assert.equal(await found(bench, [a('www', 4)]), 2, 'too many names to keep: it may be any zone');
});

test('comparisons that a call caused, checks of certificates and records of operations do not count', async () => {
  const items = [{ remove: null, add: a('open', 9), mirrored: true, note: null }];
  const bench = await given([sampleOperation('0', { zone, state: 'applied', items })]);
  for (const reason of ['webdomain.edit', 'pause-over', 'after-without-operation'])
    assert.equal(await found(bench, [a('www', reason.length)], reason), 0, reason);
  await found(bench, [a('www', 1)], 'webdomain.edit');
  const check = makeRecord({ name: '_acme-challenge', type: 'TXT', rdata: '"x"' }, zone);
  const wildcard = makeRecord({ name: '_acme-challenge.www', type: 'TXT', rdata: '"x"' }, zone);
  assert.equal(await found(bench, [a('www', 1), check, wildcard]), 0);
  assert.equal(await found(bench, [a('www', 1), a('open', 9)]), 0);
  const soa = makeRecord({ name: '@', type: 'NS', rdata: 'ns.example.net.' }, zone);
  assert.equal(await found(bench, [a('www', 1), soa]), 0);
});

test('a round is forgotten after thirty days', async () => {
  const bench = await given();
  assert.equal(await found(bench, [a('www', 2)]), 1);
  bench.clock.stepWall(30 * 24 * hour);
  assert.equal(bench.runtime.silent.found.length, 0);
});

test('during a pause no call reaches us, so nothing found then counts', () => {
  const { clock, runtime } = engineBench();
  let paused = true;
  const silent = new SilentChanges({ clock, isPaused: () => paused }, runtime.rounds);
  silent.compared(zone, 'periodic', () => true);
  assert.equal(silent.found.length, 0);
  paused = false;
  silent.compared(zone, 'periodic', () => true);
  assert.equal(silent.found.length, 1);
});
