import assert from 'node:assert/strict';
import { test } from 'node:test';
import { playTold } from '../../runs/play.ts';
import { scripted } from './index.ts';

for (const [name, story] of Object.entries(scripted)) {
  test(`scripted story: ${name}`, async () => {
    assert.deepEqual((await playTold(story)).violations, []);
  });
}
