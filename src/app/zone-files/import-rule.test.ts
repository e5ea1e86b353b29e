import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { makeRecord, recordId, type ResourceRecord } from '../../dns/record.ts';
import { a, zone } from '../../testing/simulator/given.ts';
import { planImport, type ImportPlan, type ImportStep } from './import-rule.ts';

const alias = makeRecord({ name: 'www', type: 'CNAME', rdata: 'shop.example.org.' }, zone);
const soa = makeRecord({ name: '@', type: 'SOA', rdata: 'ns1 hostmaster 1 2 3 4 5' }, zone);
const apexNs = makeRecord({ name: '@', type: 'NS', rdata: 'ns1.example.net.' }, zone);

function stepsOf(
  file: readonly ResourceRecord[],
  panel: readonly ResourceRecord[],
  removes: boolean,
): ImportPlan {
  const held = panel.map((record, at) => ({ ...record, key: `key ${at}` }));
  return planImport(zone, file, held, removes);
}

function text({ kind, add, remove }: ImportStep): string {
  return [kind, remove?.rdata ?? '', add?.rdata ?? ''].join(' ').trim().replaceAll(/ +/gu, ' ');
}

test('issue 17, import: adds what the panel lacks, and leaves what differs', () => {
  const { steps, left } = stepsOf([a('www', 1), a('new', 2)], [a('www', 9), a('old', 8)], false);
  assert.deepEqual(steps.map(text), ['add 192.0.2.2']);
  assert.deepEqual(
    left.map(({ record, at }) => `${at} ${record.rdata}`),
    ['panel 192.0.2.9', 'panel 192.0.2.8', 'file 192.0.2.1'],
  );
});

test('issue 17, import: with removals it replaces in one edit, removes, and then adds', () => {
  const file = [a('www', 1), a('www', 2), a('new', 3), alias];
  const { steps, left } = stepsOf(file, [a('www', 9), a('old', 8)], true);
  assert.deepEqual(steps.map(text), [
    'change 192.0.2.9 192.0.2.1',
    'remove 192.0.2.8',
    'add 192.0.2.2',
    'add 192.0.2.3',
    'add shop.example.org.',
  ]);
  assert.deepEqual(left, []);
});

test('issue 17, import: what belongs to the central is neither added nor removed', () => {
  const { steps, ignored, held } = stepsOf([soa, apexNs, a('www', 1)], [apexNs, a('www', 1)], true);
  assert.deepEqual([steps, ignored, held], [[], 2, 1]);
  assert.deepEqual(stepsOf([a('www', 1)], [soa, apexNs, a('www', 1)], true).steps, []);
});

test('issue 17, import: done with removals, the panel has what the file has', () => {
  const some = fc.uniqueArray(fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.integer({ min: 1, max: 4 })), {
    selector: ([host, last]) => `${host} ${last}`,
  });
  fc.assert(
    fc.property(some, some, (file, panel) => {
      const [wanted, held] = [file, panel].map((list) => list.map(([host, last]) => a(host, last)));
      const now = new Set((held ?? []).map(recordId));
      for (const { add, remove } of stepsOf(wanted ?? [], held ?? [], true).steps) {
        if (remove !== null) assert.ok(now.delete(recordId(remove)));
        if (add !== null) now.add(recordId(add));
      }
      assert.deepEqual([...now].sort(), (wanted ?? []).map(recordId).sort());
    }),
  );
});
