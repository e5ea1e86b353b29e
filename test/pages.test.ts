/**
 * Tests the pages of the docs. Browser tests check whether a screenshot is out of date
 * (`PanelPages.picture`).
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { pageOf } from '../src/testing/docs-examples.ts';

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

/**
 * Reads what the two pages on operations have to share. These are the code blocks, and how many rows of
 * tables and points of lists each section has. Only placeholders and the comments behind commands are
 * translated.
 */
function sharedOf(page: string): {
  readonly blocks: readonly string[];
  readonly sections: readonly object[];
} {
  const code = /^```\w*\n[\s\S]*?^```$/gmu;
  const text = pageOf(page);
  const count = (section: string, line: RegExp): number => [...section.matchAll(line)].length;
  return {
    blocks: (text.match(code) ?? []).map((block) =>
      block.replaceAll('ВЕРСИЯ', 'VERSION').replaceAll(/ {2,}# .*$/gmu, ''),
    ),
    sections: text
      .replaceAll(code, '')
      .split(/^## /mu)
      .map((section) => ({ rows: count(section, /^\|/gmu), points: count(section, /^(?:-|\d+\.) /gmu) })),
  };
}

test('issue 18, Docs: the Russian page on operations has the commands, tables and lists of the English one', () => {
  const english = sharedOf('operations.md');
  assert.ok(english.blocks.length > 0 && english.sections.length > 1);
  assert.deepEqual(sharedOf('operations.ru.md'), english);
});
