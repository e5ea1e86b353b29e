import assert from 'node:assert/strict';
import { test } from 'node:test';
import { playTold } from '../runs/play.ts';
import { knownFailures } from './known-failures.ts';
import { recordedNames, recordedText } from './recorded.ts';
import { parseStory, printStory } from './story.ts';

const names = recordedNames();

for (const name of names) {
  test(`story: ${name.replaceAll('-', ' ')}`, async () => {
    const text = recordedText(name);
    const story = parseStory(text);
    assert.equal(printStory(story), text, 'the story is not as printStory writes it');
    const { violations } = await playTold(story);
    const known = knownFailures[name];
    if (known === undefined) assert.deepEqual(violations, []);
    else
      assert.ok(
        violations.some(({ law }) => law === known.law),
        `it does not break ${known.law} any more: take it off the list of known failures, or it breaks ${JSON.stringify(violations)}`,
      );
  });
}

test('issue 13: every known failure is a story', () => {
  assert.deepEqual(
    Object.keys(knownFailures).filter((name) => !names.includes(name)),
    [],
  );
});
