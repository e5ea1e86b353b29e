/**
 * Tests of the agent on a full disk. Its messages are clear, no edit is half done, and it works normally
 * again when there is room.
 */
import assert from 'node:assert/strict';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { makeStage, until } from '../../src/testing/stage/stage.ts';
import { address, holdsName } from '../../src/testing/stage/panel-words.ts';
import type { Answer } from '../../sandbox/index.ts';
import { pathsOf } from '../../src/app/paths.ts';
import { fillDisk, mountSmallDisk } from '../../src/testing/small-disk.ts';

const zone = 'example.org';

test('full disk', async (t) => {
  const stage = await makeStage();
  const { state } = pathsOf(stage.panel.root);
  mkdirSync(state, { recursive: true });
  const mounted = mountSmallDisk(t, state, '16m');
  t.after(() => stage.stop());
  if (!mounted) {
    t.skip('only root may mount a small file system');
    return;
  }
  const save = (name: string): Promise<Answer> => stage.atPanel.save(zone, address(name, '192.0.2.9'));
  const sides = (): unknown => [stage.panel.records(zone), stage.central.records(zone)];
  assert.ok((await stage.atCentral.makeZone(zone)).ok);
  assert.ok((await stage.atPanel.makeZone(zone)).ok);
  await stage.install();
  stage.configure();
  await until('an edit', async () => (await save('first')).ok);

  const other = join(state, 'somebody-elses-file');
  fillDisk(other);
  // The journal has some room inside its own files, so a few edits may succeed before one is refused.
  let before: unknown;
  let refused: Answer | undefined;
  for (let at = 0; at < 500 && (refused === undefined || refused.ok); at += 1) {
    before = sides();
    refused = await save(`full${at}`);
  }
  assert.match(refused?.error?.text ?? '', /disk|space/i);
  assert.match(refused?.error?.text ?? '', /nothing was changed/i);
  assert.deepEqual(sides(), before);

  rmSync(other);
  await until('an edit again', async () => (await save('roomy')).ok);
  assert.ok(holdsName(stage.central, zone, 'roomy'));
});
