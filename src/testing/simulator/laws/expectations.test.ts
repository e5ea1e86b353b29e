/** Tests the laws on writes with an expectation. Each law is broken once, beside a case that keeps it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DnsName } from '../../../dns/name.ts';
import { makeRecord, recordId, type ResourceRecord } from '../../../dns/record.ts';
import type { Expectation } from '../../../core/central.ts';
import type { RecordsOperation } from '../../../core/operation.ts';
import { sampleRow } from '../../contracts/journal.ts';
import { administrator } from '../edits.ts';
import { a, zone } from '../given.ts';
import { JournalWitness } from '../journal-witness.ts';
import { Provenance, type WriteRequest } from '../provenance.ts';
import { checkQuoted, observeExpectations } from './expectations.ts';
import { Judgement } from './judgement.ts';
import { operation, sent } from './wrong.ts';

const [www, next] = [a('www', 1), a('www', 2)];
const alias = makeRecord({ name: 'www', type: 'CNAME', rdata: 'elsewhere.example.net.' }, zone);

/** A central that has `www`, and the requests of an engine to it. */
class Scene {
  readonly zones = new Map<DnsName, Map<string, ResourceRecord>>();
  readonly provenance = new Provenance(this.zones);
  readonly witness = new JournalWitness();
  readonly unanswered = new Set<string>();
  readonly judgement = new Judgement();

  constructor() {
    this.zones.set(zone, new Map([[recordId(www), www]]));
    this.provenance.start(0);
    observeExpectations(this);
  }

  journal(facts: Partial<RecordsOperation> = {}): void {
    const items = sent(www, next);
    this.witness.committed({ operations: [operation({ state: 'prepared', items, ...facts })] }, 1);
  }

  /** Sends the edit. @param records what is expected at `www`; absent: nothing is said about that */
  send(
    records?: readonly ResourceRecord[],
    types: Expectation['types'] = new Set(['A', 'CNAME']),
  ): readonly WriteRequest[] {
    const expected = records && { expected: { names: new Set([www.name]), types, records } };
    const common = { operation: 'wrong', zone, content: [], sentAt: 2, ...expected };
    return [
      this.provenance.sent({ ...common, kind: 'remove', record: www }),
      this.provenance.sent({ ...common, kind: 'add', record: next }),
    ];
  }

  otherAdds(record: ResourceRecord): void {
    this.zones.get(zone)?.set(recordId(record), record);
    this.provenance.look(1);
  }

  get broken(): readonly string[] {
    return [...new Set(this.judgement.violations.map(({ law }) => law))];
  }
}

test('a write is carried out where its expectation is true, and nowhere else', () => {
  const text = makeRecord({ name: 'www', type: 'TXT', rdata: '"x"' }, zone);
  const cases = [
    [[www], null, null, []],
    [[www], text, null, ['expected.wrong']],
    [[www], text, new Set(['A']), []],
    [[], null, new Set(['A']), ['expected.wrong']],
    [[www, next], null, new Set(['A']), ['expected.wrong']],
    [[www], next, new Set(['A']), ['expected.wrong']],
  ] as const;
  for (const [records, other, types, broken] of cases) {
    const scene = new Scene();
    scene.journal();
    if (other !== null) scene.otherAdds(other);
    scene.provenance.begins(3, scene.send(records, types));
    assert.deepEqual(scene.broken, broken);
  }
});

test('an expectation that forgets the alias is noticed', () => {
  const scene = new Scene();
  scene.otherAdds(alias);
  scene.provenance.begins(3, scene.send([www], new Set(['A'])));
  assert.deepEqual(scene.broken, ['alone.alias']);
});

test('an edit is written after a read of its own, or with an expectation', () => {
  const cases: readonly (readonly [Partial<RecordsOperation>, boolean, boolean, readonly string[]])[] = [
    [{}, false, false, ['expected.unread']],
    [{}, true, false, []],
    [{}, false, true, []],
    [{ class: 'follow' }, false, false, []],
    [{ state: 'reverting' }, false, false, []],
  ];
  for (const [facts, isRead, isExpected, broken] of cases) {
    const scene = new Scene();
    scene.journal(facts);
    if (isRead) scene.provenance.read('wrong', zone, 1);
    scene.send(isExpected ? [www] : undefined);
    assert.deepEqual(scene.broken, broken);
  }
});

test('an operation writes nothing before it knows what became of its write', () => {
  const scene = new Scene();
  scene.journal({ state: 'reverting' });
  scene.unanswered.add('wrong');
  scene.send([www]);
  assert.deepEqual(scene.broken, []);
  scene.send();
  assert.deepEqual(scene.broken, ['expected.unanswered']);
});

test('a refusal quotes a record that is there, that both sides agree on, or that an edit brings', () => {
  const quotes = (scene: Scene, params: Readonly<Record<string, string>> = {}): readonly string[] => {
    const existing = 'www.example.org CNAME elsewhere.example.net.';
    const problems = [{ code: 'record.cname-clash', params: { record: '', existing, ...params } }];
    const verdict = { kind: 'refuse', problems, changed: 'nothing' } as const;
    const edit = { kind: 'zone-delete', stage: 'before', zone, fingerprint: '', echo: null } as const;
    const edits = [{ ...edit, actor: administrator }];
    checkQuoted(scene, { edits, askedAt: 2, verdict, number: 1 });
    return scene.broken;
  };
  assert.deepEqual(quotes(new Scene()), ['expected.refused']);
  assert.deepEqual(quotes(new Scene(), { central: '2' }), []);
  const there = new Scene();
  there.otherAdds(alias);
  assert.deepEqual(quotes(there), []);
  there.zones.get(zone)?.delete(recordId(alias));
  there.provenance.look(1.5);
  assert.deepEqual(quotes(there), ['expected.refused']);
  for (const [state, broken] of [
    ['synced', []],
    ['central-only', ['expected.refused']],
  ] as const) {
    const scene = new Scene();
    scene.witness.committed({ rows: [{ zone, put: [sampleRow(1, { record: alias, state })] }] }, 1);
    assert.deepEqual(quotes(scene), broken);
  }
  const brought = new Scene();
  brought.journal({ items: sent(null, alias) });
  assert.deepEqual(quotes(brought), []);
});
