import assert from 'node:assert/strict';
import { it } from 'node:test';
import { given, engineOf } from '../../testing/simulator/given.ts';

it('a token that no restoration has is put off without harm', async () => {
  const world = await given({ panel: [], central: [] });
  assert.doesNotThrow(() => engineOf(world).putOff('no such token'));
});
