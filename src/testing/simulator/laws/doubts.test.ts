/** Issue 13: tests that the laws on a journal in doubt detect an engine with a bug. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { baselineFact } from '../../../core/engine/before/unknown-zone.ts';
import { acceptedFact } from '../../../core/journal-doubts.ts';
import type { Verdict } from '../../../core/panel.ts';
import { sampleOperation } from '../../contracts/journal.ts';
import { entryOf } from '../../engine-bench.ts';
import { zone } from '../given.ts';
import type { WriteRequest } from '../provenance.ts';
import { DoubtLaws } from './doubts.ts';
import { Judgement } from './judgement.ts';

const sound = { isOlder: false, isAfterGap: false, isOthers: false };
const request: WriteRequest = {
  kind: 'delete',
  operation: '1',
  zone,
  record: null,
  content: [],
  sentAt: 0,
  landedAt: null,
  answeredAt: null,
};
const accept: Verdict = { kind: 'accept' };

function refusal(code: 'journal.other-host' | 'central.refused', changed: 'nothing' | 'unknown'): Verdict {
  return { kind: 'refuse', problems: [{ code, params: {} }], changed };
}

/** Runs `work` and returns the laws that it breaks. */
function brokenBy(work: (laws: DoubtLaws) => void, opening: Partial<typeof sound>): readonly string[] {
  const judgement = new Judgement();
  const laws = new DoubtLaws(judgement);
  laws.opened({ ...sound, ...opening });
  work(laws);
  return judgement.violations.map(({ law }) => law);
}

test('issue 13, laws: with the journal of another host nothing is sent, stored or judged', () => {
  const broken = (work: (laws: DoubtLaws) => void): unknown => brokenBy(work, { isOthers: true });
  assert.deepEqual(
    broken((laws) => laws.sent(request)),
    ['doubt.read-only'],
  );
  assert.deepEqual(
    broken((laws) => laws.committed({ operations: [sampleOperation('1')] })),
    ['doubt.read-only'],
  );
  assert.deepEqual(
    broken((laws) => laws.committed({ owners: new Map([[zone, null]]) })),
    ['doubt.read-only'],
  );
  for (const verdict of [accept, refusal('central.refused', 'nothing')])
    assert.deepEqual(
      broken((laws) => laws.asked()(verdict)),
      ['doubt.accepted'],
    );
  for (const verdict of [refusal('journal.other-host', 'nothing'), refusal('central.refused', 'unknown')])
    assert.deepEqual(
      broken((laws) => laws.asked()(verdict)),
      [],
    );
});

test('issue 13, laws: an edit is refused as on another host only there, and until it is accepted', () => {
  const refuse = (laws: DoubtLaws): void => laws.asked()(refusal('journal.other-host', 'nothing'));
  assert.deepEqual(brokenBy(refuse, {}), ['doubt.left']);
  const soon = (laws: DoubtLaws): void => {
    laws.committed({ facts: { [acceptedFact]: '1' } });
    refuse(laws);
  };
  assert.deepEqual(brokenBy(soon, { isOthers: true }), []);
  const late = (laws: DoubtLaws): void => {
    soon(laws);
    laws.accepted();
    refuse(laws);
  };
  assert.deepEqual(brokenBy(late, { isOthers: true }), ['doubt.left']);
});

test('issue 13, laws: no zone is written in before it was compared anew', () => {
  const write = (laws: DoubtLaws): void => laws.sent(request);
  assert.deepEqual(brokenBy(write, {}), []);
  for (const opening of [{ isOlder: true }, { isAfterGap: true }]) {
    assert.deepEqual(brokenBy(write, opening), ['doubt.early']);
    for (const batch of [{ zones: [entryOf(zone)] }, { facts: { [baselineFact]: '1' } }]) {
      const compared = (laws: DoubtLaws): void => {
        laws.committed(batch);
        write(laws);
      };
      assert.deepEqual(brokenBy(compared, opening), []);
    }
  }
  const accepted = (laws: DoubtLaws): void => {
    laws.committed({ facts: { [acceptedFact]: '1' } });
    write(laws);
  };
  assert.deepEqual(brokenBy(accepted, { isOthers: true }), ['doubt.early']);
});
