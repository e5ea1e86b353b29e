/** The screenshots of the docs. Browser tests see whether they are stale (`PanelPages.picture`). */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
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
