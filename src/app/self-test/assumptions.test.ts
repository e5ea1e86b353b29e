import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judgeAssumptions } from './assumptions.ts';
import type { SelfTestFacts } from './facts.ts';
import type { SeenCall, SelfTestStep } from './step.ts';

function call(stage: string, more: Partial<SeenCall> = {}): SeenCall {
  const func = 'domain.record.edit';
  return {
    at: 1,
    func,
    stage,
    key: '',
    parameters: ['plid', 'name', 'rtype'],
    marked: false,
    verdict: 'accept',
    shown: null,
    ...more,
  };
}

function step(calls: readonly SeenCall[], failed: string | null = null): SelfTestStep {
  return { step: 'x', failed, ms: 1, calls, panelShows: true, centralShows: true };
}

const sound: SelfTestFacts = {
  steps: [step([call('before'), call('after')]), step([call('before', { verdict: 'refuse' })])],
  takenKeys: ['k A  1'],
  sentKeys: ['k A  1', 'other'],
  vetoKept: 'yes',
  ttlKept: 'not tested',
  echoSeen: 'yes',
  registered: { missing: [], namesUs: true },
  ownersReported: 'column',
};

function holding(facts: Partial<SelfTestFacts>): Record<string, string> {
  return Object.fromEntries(judgeAssumptions({ ...sound, ...facts }).map(({ id, holds }) => [id, holds]));
}

test('a panel that is as we think', () => {
  const expected = {
    A1: 'yes',
    A2: 'yes',
    A3: 'yes',
    A4: 'not tested',
    A5: 'yes',
    A8: 'yes',
    A50: 'yes',
    A39: 'yes',
  };
  assert.deepEqual(holding({}), expected);
  assert.equal(holding({ ownersReported: 'each-account' })['A39'], 'yes');
});

test('each that fails is named', () => {
  assert.equal(holding({ vetoKept: 'no' })['A1'], 'no');
  for (const calls of [[], [call('after')], [call('after'), call('before')], [call('before')]]) {
    assert.equal(holding({ steps: [step(calls)] })['A2'], 'no');
  }
  const repeated = [call('before'), call('before'), call('after'), call('after', { func: 'domain.edit' })];
  assert.equal(holding({ steps: [step(repeated)] })['A2'], 'yes');
  const stranger = { ...step([call('before')]), byForeignAccount: true } as const;
  assert.equal(holding({ steps: [...sound.steps, stranger] })['A2'], 'yes');
  assert.equal(holding({ sentKeys: ['built otherwise'] })['A3'], 'no');
  assert.equal(holding({ ttlKept: 'no' })['A4'], 'no');
  assert.equal(holding({ echoSeen: 'no' })['A5'], 'no');
  assert.equal(holding({ ownersReported: 'none' })['A39'], 'no');
  assert.equal(holding({ steps: [step([call('before', { parameters: ['name'] })])] })['A8'], 'no');
});

test('what failed for another reason, or never came to it, says nothing', () => {
  const none = holding({ steps: [step([], 'refused')], takenKeys: [], ownersReported: 'not tested' });
  const ids = ['A2', 'A3', 'A8', 'A39'];
  assert.deepEqual(
    ids.map((id) => none[id]),
    ids.map(() => 'not tested'),
  );
});

test('issue 12.20: what the panel lists counts, unless it cannot be read', () => {
  const missing = ['domain.edit'];
  assert.equal(holding({ registered: null })['A50'], 'not tested');
  assert.equal(holding({ registered: { missing, namesUs: true } })['A50'], 'no');
  // The panel has called our handlers, so they are registered. If its list does not name them, we cannot read
  // the list.
  assert.equal(holding({ registered: { missing, namesUs: false } })['A50'], 'not tested');
  assert.equal(holding({ registered: { missing, namesUs: false }, steps: [step([])] })['A50'], 'no');
});
