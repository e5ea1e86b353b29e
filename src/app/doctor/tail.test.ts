import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, truncateSync, appendFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathsOf } from '../paths.ts';
import { checkLog } from './agent.ts';
import { tailOf } from '../tail.ts';

test('the end of a log of any size is looked at', (t) => {
  const root = mkdtempSync(join(tmpdir(), 'tail-'));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  const paths = { ...pathsOf(root), log: join(root, 'log') };
  appendFileSync(paths.log, '');
  assert.equal(tailOf(paths.log, 10), '');
  // This file is longer than a string can be. Because it is sparse, it takes no space on the disk.
  truncateSync(paths.log, 2 ** 30);
  appendFileSync(paths.log, '\n2026-01-02T03:04:05.678Z error engine.defect text=Я\n');
  assert.match(tailOf(paths.log, 20), /text=Я\n$/);
  const [found] = checkLog(paths, Date.parse('2026-01-02T10:00:00Z'));
  assert.deepEqual([found?.state, found?.text.includes('engine.defect')], ['warning', true]);
});
