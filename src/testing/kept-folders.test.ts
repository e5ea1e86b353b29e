import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

for (const [how, body, isKept] of [
  ['passes', '', false],
  ['is stopped', 'process.exit(130);', false],
  ['fails', "throw new Error('why');", true],
] as const) {
  test(`issue 18, habits: the folders of a test file that ${how} are ${isKept ? 'kept and told' : 'removed'}`, (t) => {
    const own = mkdtempSync(join(tmpdir(), 'kept-'));
    t.after(() => rmSync(own, { recursive: true, force: true }));
    const stages = ['one', 'two'].map((name) => join(own, name));
    for (const stage of stages) {
      mkdirSync(join(stage, 'panel/var'), { recursive: true });
      writeFileSync(join(stage, 'panel/var/panel.log'), '');
    }
    const file = join(own, 'odd.test.ts');
    const lines = [
      `import { test } from 'node:test';`,
      `import { removeUnlessFailed } from '${join(import.meta.dirname, 'kept-folders.ts')}';`,
      `test('it ${how}', () => { for (const stage of ${JSON.stringify(stages)}) removeUnlessFailed(stage); ${body} });`,
    ];
    writeFileSync(file, lines.join('\n'));
    // With this variable, the file would take itself for a part of this test.
    const { NODE_TEST_CONTEXT: _, ...env } = process.env;
    const { stderr } = spawnSync(process.execPath, [file], { env, encoding: 'utf8' });
    assert.deepEqual(stages.map(existsSync), [isKept, isKept]);
    const told = stages.map((stage) => `odd.test.ts: kept ${stage}\n  log ${stage}/panel/var/panel.log\n`);
    assert.equal(stderr, isKept ? told.join('') : '');
  });
}
