import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { noteText } from './notes.ts';

const engine = join(import.meta.dirname, '../../core/engine');

test('every note the engine makes has words', () => {
  const made = globSync(`${engine}/**/*.ts`).flatMap((path) => {
    return readFileSync(path, 'utf8').match(/(?<=')note\.[a-z-]+(?=')/gu) ?? [];
  });
  const derived = ['conflict', 'excluded', 'panel-only', 'central-only'].map((state) => `note.${state}`);
  for (const note of [...made, ...derived, 'note.beside-conflict']) assert.notEqual(noteText(note), note);
  assert.ok(made.length > 5);
});

test('other codes stay as they are', () => {
  assert.equal(noteText(null), '');
  assert.equal(noteText('central.limit'), 'central.limit');
});
