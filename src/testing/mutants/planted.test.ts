import assert from 'node:assert/strict';
import { stripTypeScriptTypes } from 'node:module';
import { test } from 'node:test';
import { hunt } from './hunt.ts';
import { patched, sourceOf } from './patch.ts';
import { patchOf, planted } from './planted/index.ts';
import { edit, told, wwwMoves } from '../simulator/scripted/script.ts';

const none = { stories: new Set<string>(), histories: [] };

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
  const bug = { name: 'test', file: 'src/core/engine/parts/locks.ts', replace: '', says: 'It is not there.' };
  assert.throws(() => patchOf({ ...bug, find: 'nowhere in this file' }), /does not contain/u);
  assert.throws(() => patchOf({ ...bug, find: 'this.#advance();' }), /more than once/u);
});

test('issue 13, planted bugs: a thread plays with the bug in it, another one without', async () => {
  const bug = planted.find(({ name }) => name === 'removal-not-written');
  assert.ok(bug !== undefined);
  const what = { stories: [], modes: ['default'], seed: 1, runs: 30 } as const;
  const found = await hunt(patchOf(bug), what, none);
  assert.ok(found !== null && 'seed' in found);
  const nothing = { file: bug.file, start: 0, end: 0, text: '' };
  assert.equal(await hunt(nothing, { ...what, seed: found.seed, runs: 1 }, none), null);
});

test('issue 13, planted bugs: a story finds one before any history, unless it is broken without it', async () => {
  const bug = planted.find(({ name }) => name === 'removal-not-written');
  assert.ok(bug !== undefined);
  const story = {
    name: 'the old one goes',
    story: told([[10, edit([{ remove: wwwMoves.remove, add: null }])]]),
  };
  const what = { stories: [story], modes: [], seed: 1, runs: 0 };
  const found = await hunt(patchOf(bug), what, none);
  assert.ok(found !== null && 'story' in found);
  assert.equal(found.story, story.name);
  assert.equal(await hunt(patchOf(bug), what, { ...none, stories: new Set([story.name]) }), null);
});
