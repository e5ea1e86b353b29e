import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { demandPrograms, makeStage, prepared } from '../src/testing/stage/stage.ts';

test('a stage without programs says at once how to make them', (t) => {
  const empty = mkdtempSync(join(tmpdir(), 'stage-'));
  t.after(() => rmSync(empty, { recursive: true, force: true }));
  assert.throws(() => demandPrograms(empty), /run "npm run -s bundle" first/u);
});

test('a stage that cannot be prepared is stopped', async () => {
  const stage = await makeStage();
  await assert.rejects(
    prepared(stage, async () => await Promise.reject(new Error('not this time'))),
    /not this time/u,
  );
  await assert.rejects(stage.panel.call('domain'), /ECONNREFUSED/u);
});
