/** The pages of the docs. Browser tests see whether a screenshot is stale (`PanelPages.picture`). */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

test('issue 18, Docs: beside each screenshot stands what it shows', () => {
  const files = readdirSync(join(import.meta.dirname, '../docs/images'));
  const named = (end: string): string[] =>
    files
      .filter((file) => file.endsWith(end))
      .map((file) => file.slice(0, -end.length))
      .sort();
  assert.ok(named('.png').length > 0);
  assert.deepEqual(named('.txt'), named('.png'));
});

test('issue 18, Docs: a README has 120 lines at most, in both languages', () => {
  for (const name of ['README.md', 'README.ru.md']) {
    const lines = readFileSync(join(import.meta.dirname, '..', name), 'utf8')
      .trimEnd()
      .split('\n').length;
    assert.ok(lines <= 120, `${name} has ${lines} lines`);
  }
});
