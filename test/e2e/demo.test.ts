import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';

test('the demo keeps all its promises', () => {
  const program = join(import.meta.dirname, '../../demo/main.ts');
  const { status, stdout, stderr } = spawnSync(process.execPath, [program], {
    encoding: 'utf8',
    timeout: 300_000,
  });
  assert.equal(status, 0, `${stdout}\n${stderr}`);
  assert.match(stdout, /promises checked, all kept\./);
});
