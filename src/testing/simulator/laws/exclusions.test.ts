/** Issue 14: tests that the law on exclusions detects an engine that ends one by itself. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Batch } from '../../../core/journal.ts';
import type { RecordState } from '../../../core/ledger.ts';
import { sampleRow } from '../../contracts/journal.ts';
import { a, zone } from '../given.ts';
import { Exclusions } from './exclusions.ts';
import { Judgement } from './judgement.ts';

const www = a('www', 1);

function rows(state: RecordState): Batch {
  return { rows: [{ zone, put: [sampleRow(1, { record: www, state })] }] };
}

/** Excludes a record, then makes it `panel-only`. @param work what happens in between @returns broken laws */
function brokenBy(work: (laws: Exclusions) => void): readonly string[] {
  const judgement = new Judgement();
  const laws = new Exclusions(judgement);
  laws.committed(rows('excluded'));
  work(laws);
  laws.committed(rows('panel-only'));
  return judgement.violations.map(({ law }) => law);
}

test('issue 14, laws: an exclusion ends by an inclusion that runs, or that comes back with the journal', () => {
  const inclusion = { zone, name: www.name };
  assert.deepEqual(
    brokenBy(({ running }) => running.add(inclusion)),
    [],
  );
  assert.deepEqual(
    brokenBy(({ returning }) => returning.add(inclusion)),
    [],
  );
});

test('issue 14, laws: any other end of an exclusion breaks the law', () => {
  const broken = ['plans.excluded'];
  assert.deepEqual(
    brokenBy(() => undefined),
    broken,
  );
  for (const inclusion of [
    { zone, name: a('ftp', 1).name },
    { zone: a('sub', 1).name, name: null },
  ])
    assert.deepEqual(
      brokenBy(({ returning }) => returning.add(inclusion)),
      broken,
    );
  assert.deepEqual(
    brokenBy((laws) => {
      laws.returning.add({ zone, name: www.name });
      laws.committed({});
    }),
    broken,
  );
});
