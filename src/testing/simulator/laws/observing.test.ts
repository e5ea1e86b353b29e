/** Issue 14: tests that the law on deletes after the mode `observe` detects an engine with a bug. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { recordId, type ResourceRecord } from '../../../dns/record.ts';
import { sampleDelete } from '../../contracts/journal.ts';
import { a, zone } from '../given.ts';
import { JournalWitness } from '../journal-witness.ts';
import { Provenance, type WriteRequest } from '../provenance.ts';
import { Judgement } from './judgement.ts';
import { ObservingLaws } from './observing.ts';

/** Who makes the zone at the central before its delete, and when. */
interface Made {
  readonly by: 'us' | 'another';
  readonly when: 'observing' | 'strict';
}

/** Deletes a zone at the central that the panel does not have. @returns the broken laws */
function brokenBy({ by, when }: Made): readonly string[] {
  const judgement = new Judgement();
  const witness = new JournalWitness();
  const zones = new Map<typeof zone, Map<string, ResourceRecord>>();
  const central = new Provenance(zones);
  const panel = new Provenance(new Map());
  central.start(0);
  const facts = { witness, panel, central, shown: new Map() };
  const laws = new ObservingLaws(judgement);
  const request = (kind: WriteRequest['kind'], operation: string): WriteRequest =>
    central.sent({ kind, operation, zone, record: null, content: [], sentAt: 2 });
  const make = (): void => {
    const put = (): void => void zones.set(zone, new Map([[recordId(a('www', 1)), a('www', 1)]]));
    if (by === 'us') central.land(request('create', '0'), 2, put);
    else put();
    central.look(2);
  };
  laws.changed(true, facts);
  if (when === 'observing') make();
  laws.changed(false, facts);
  if (when === 'strict') make();
  const operations = [sampleDelete('1', { class: 'follow', state: 'kept', source: 'periodic' })];
  witness.committed({ operations }, 3);
  laws.sentToCentral(request('delete', '1'));
  return judgement.violations.map(({ law }) => law);
}

test('issue 14, laws: a zone that our own late request has made since may be deleted after observing', () => {
  assert.deepEqual(brokenBy({ by: 'us', when: 'strict' }), []);
});

test('issue 14, laws: any other zone that the panel lacks stays after observing', () => {
  const broken = ['observe.followed'];
  assert.deepEqual(brokenBy({ by: 'us', when: 'observing' }), broken);
  assert.deepEqual(brokenBy({ by: 'another', when: 'strict' }), broken);
  assert.deepEqual(brokenBy({ by: 'another', when: 'observing' }), broken);
});
