/** The crash runs recognise an answer by its words. This tests that the product still uses these words. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { describe as inWords } from '../../core/describe.ts';
import type { Changed } from '../../core/panel.ts';
import { pairNames } from './pairs.ts';
import { planOf } from './plan.ts';
import { heardOf, learn, type AnswerKind, type Slot } from './truth.ts';

function answered(text: string): AnswerKind {
  const error = { code: 'domainsync', obj: 'central', val: '', text };
  return heardOf({
    status: 200,
    contentType: '',
    headers: {},
    body: text,
    doc: null,
    ok: false,
    error,
    elems: [],
  }).kind;
}

test('each sentence of a refusal is understood', () => {
  const kinds: ReadonlyMap<Changed, AnswerKind> = new Map([
    ['nothing', 'nothing'],
    ['unknown', 'refused'],
    ['panel', 'unsure'],
    ['panel-unknown', 'unsure'],
  ]);
  const problems = [{ code: 'central.unreachable', params: {} }];
  for (const [changed, kind] of kinds) {
    for (const contact of [null, 'help@example.net'])
      assert.equal(answered(inWords(problems, { language: 'en', changed, contact })), kind, changed);
  }
});

test('the refusal of the hook itself says nothing of the central', () => {
  const script = readFileSync(join(import.meta.dirname, '../../../plugin/common/domainsync'), 'utf8');
  const [, text = ''] = /text='(domainsync does not answer[^']*)'/u.exec(script) ?? [];
  assert.equal(answered(text), 'refused');
});

test('what a slot may be after each answer', () => {
  const slot: Slot = {
    zone: 'story.example',
    name: 'a',
    may: new Set([null]),
    clouded: false,
    pending: false,
  };
  const mayBe = (kind: AnswerKind, to: string | null): readonly (string | null)[] => {
    learn(slot, { kind, text: '' }, to);
    return [...slot.may];
  };
  assert.deepEqual(mayBe('accepted', '192.0.2.1'), ['192.0.2.1']);
  assert.deepEqual(mayBe('nothing', '192.0.2.2'), ['192.0.2.1']);
  assert.deepEqual(mayBe('unsure', null), ['192.0.2.1', null]);
  assert.deepEqual(mayBe('refused', '192.0.2.3'), ['192.0.2.1', null]);
  assert.deepEqual(mayBe('accepted', null), [null]);
});

test('a seed draws the same story again, and another one another', () => {
  for (const pair of pairNames) {
    assert.deepEqual(planOf(7, pair, 24), planOf(7, pair, 24));
    assert.notDeepEqual(planOf(7, pair, 24).troubles, planOf(8, pair, 24).troubles);
  }
});
