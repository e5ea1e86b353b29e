import assert from 'node:assert/strict';
import { test } from 'node:test';
import { a, engineOf, given, held, put, recordState, zone } from '../../../testing/simulator/given.ts';

test('issue 14: a record that one side lost while it was excluded is not synced when it is included again', async () => {
  for (const lost of ['central', 'panel'] as const) {
    const world = await given({ panel: [a('www', 1), a('ftp', 1)], central: [a('www', 1), a('ftp', 1)] });
    const only = { name: a('www', 1).name, type: null };
    const set = async (excluded: boolean): Promise<unknown> =>
      await world.clock.runUntilSettled(engineOf(world).setExclusion({ zone, only, excluded }));
    await set(true);
    put(world, lost, [a('ftp', 1)]);
    assert.deepEqual(await set(false), { kind: 'done', count: 1 });
    assert.notEqual(await recordState(world, a('www', 1)), 'synced');
    await world.clock.runUntil(world.clock.now() + 60_000);
    const left = lost === 'central' ? 'panel' : 'central';
    assert.equal(await recordState(world, a('www', 1)), `${left}-only`);
    assert.ok(held(world, left, a('www', 1)), 'including writes to neither side');
  }
});
