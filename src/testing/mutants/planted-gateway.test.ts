import assert from 'node:assert/strict';
import { stripTypeScriptTypes } from 'node:module';
import { test } from 'node:test';
import { hunt } from './hunt.ts';
import { patched, sourceOf } from './patch.ts';
import { plantedInGateway } from './planted/gateway.ts';
import { patchOf } from './planted/index.ts';

const none = { stories: new Set<string>(), histories: [] };

test('issue 20, planted bugs: at least ten in the gateway, each matches once, and its file still compiles', () => {
  assert.ok(plantedInGateway.length >= 10, String(plantedInGateway.length));
  assert.equal(new Set(plantedInGateway.map(({ name }) => name)).size, plantedInGateway.length);
  for (const bug of plantedInGateway) {
    const [patch, source] = [patchOf(bug), sourceOf(bug.file)];
    assert.match(bug.says, /^[A-Z].*\.$/u, bug.name);
    assert.notEqual(patched(source, patch), source, bug.name);
    assert.ok(stripTypeScriptTypes(patched(source, patch)).length > 0, bug.name);
  }
});

test('issue 20, planted bugs: histories find one, and hold without it', async () => {
  const bug = plantedInGateway.find(({ name }) => name === 'expectation-not-looked-at');
  assert.ok(bug !== undefined);
  const what = { stories: [], modes: ['gateway'], seed: 1, runs: 20 } as const;
  const found = await hunt(patchOf(bug), what, none);
  assert.ok(found !== null && 'seed' in found);
  assert.equal(found.law, 'expected.true');
  const nothing = { file: bug.file, start: 0, end: 0, text: '' };
  assert.equal(await hunt(nothing, { ...what, seed: found.seed, runs: 1 }, none), null);
});
