import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inWords } from '../app/problems.ts';
import { describeProblem } from '../core/describe.ts';
import { PanelError, type PanelErrorCode } from '../core/panel.ts';
import { problemsOf } from './problems.ts';

const codes: readonly PanelErrorCode[] = ['panel.unreachable', 'panel.garbled', 'panel.refused'];

for (const code of codes)
  test(`issue 17: an error of the panel is reported as ${code}, with its words and what to do`, () => {
    const params = { text: 'the panel said so' };
    const problems = problemsOf(new PanelError(code, params));
    assert.deepEqual(problems, [{ code, params }]);
    const text = inWords(problems);
    assert.match(text, /the panel said so.*\[panel\.[a-z]+\]$/u);
    assert.match(text, /[Tt]ry again/u);
    const [problem] = problems;
    assert.ok(problem !== undefined);
    assert.match(describeProblem(problem, 'ru'), /панел.*[Пп]овторите попытку/iu);
  });

test('an error that nobody expects is a defect', () => {
  assert.deepEqual(problemsOf(new TypeError('odd')), [{ code: 'engine.defect', params: { text: 'odd' } }]);
});
