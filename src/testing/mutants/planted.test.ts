import assert from 'node:assert/strict';
import { stripTypeScriptTypes } from 'node:module';
import { test } from 'node:test';
import { hunt } from './hunt.ts';
import { patched, sourceOf } from './patch.ts';
import { patchOf, planted } from './planted/index.ts';

test('issue 13, planted bugs: there are at least 50, each with a name of its own and a sentence', () => {
  assert.ok(planted.length >= 50, String(planted.length));
  assert.equal(new Set(planted.map(({ name }) => name)).size, planted.length);
  for (const { name, says } of planted) assert.match(says, /^[A-Z].*\.$/u, name);
});

test('issue 13, planted bugs: each matches exactly once, changes its file, and the file still compiles', () => {
  for (const bug of planted) {
    const patch = patchOf(bug);
    const source = sourceOf(bug.file);
    assert.notEqual(patched(source, patch), source, bug.name);
    assert.ok(stripTypeScriptTypes(patched(source, patch)).length > 0, bug.name);
  }
});

test('issue 13, planted bugs: a text that is not there, or there twice, is an error', () => {
  const bug = { name: 'test', file: 'src/core/engine/locks.ts', replace: '', says: 'It is not there.' };
  assert.throws(() => patchOf({ ...bug, find: 'nowhere in this file' }), /does not contain/u);
  assert.throws(() => patchOf({ ...bug, find: 'this.#advance();' }), /more than once/u);
});

test('issue 13, planted bugs: a thread plays with the bug in it, another one without', async () => {
  const bug = planted.find(({ name }) => name === 'removal-not-written');
  assert.ok(bug !== undefined);
  const what = { modes: ['default'], seed: 1, runs: 30 } as const;
  const found = await hunt(patchOf(bug), what, []);
  assert.ok(found !== null);
  const nothing = { file: bug.file, start: 0, end: 0, text: '' };
  assert.equal(await hunt(nothing, { ...what, seed: found.seed, runs: 1 }, []), null);
});
