import assert from 'node:assert/strict';
import { test } from 'node:test';
import { modes } from '../runs/modes.ts';
import { playHistory, playStory } from './history.ts';
import { parseStory, printStory } from './story.ts';

for (const [mode, options] of Object.entries(modes)) {
  test(`issue 13: a history that was written down replays to the same log (${mode})`, async () => {
    for (let seed = 1; seed <= 8; seed += 1) {
      const { story, log, violations } = await playHistory(seed, {}, options);
      const again = await playStory(parseStory(printStory(story)));
      assert.deepEqual(again.log, log, `seed ${seed}`);
      assert.deepEqual(again.violations, violations, `seed ${seed}`);
    }
  });
}

test('issue 13: what a tape does not tell is quiet', async () => {
  const { story } = await playHistory(7);
  const { log } = await playStory({ ...story, draws: {} });
  assert.ok(log.length > 5);
  assert.deepEqual((await playStory({ ...story, draws: {} })).log, log);
});
