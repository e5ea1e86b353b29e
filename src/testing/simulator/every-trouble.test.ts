import assert from 'node:assert/strict';
import { test } from 'node:test';
import { playTold } from '../runs/play.ts';
import { everyTrouble } from './every-trouble.ts';
import { plain } from './scripted/plain.ts';

for (const [name, story] of Object.entries(plain)) {
  test(`issue 13: ${name}, once with each trouble of each call`, async () => {
    const troubled = await everyTrouble(story);
    assert.ok(troubled.length > 4);
    for (const { story: told, what } of troubled)
      assert.deepEqual((await playTold(told)).violations, [], what);
  });
}
