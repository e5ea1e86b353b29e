/** Tests of an `after` that no operation waits for, and whose records the ledger does not know. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { a, engineOf, given, held, put, zone } from '../../../testing/simulator/given.ts';
import { recordsEvent } from '../../../testing/simulator/edits.ts';

test('an edit that cannot be made out is followed by a comparison, once reads must show it', async () => {
  const [www, ftp] = [a('www', 1), a('ftp', 1)];
  const world = await given({ panel: [www, ftp], central: [www, ftp] });
  // For some time after a start, no record counts as proved absent.
  await world.clock.runUntil(60_000);
  const items = [www, a('strange', 9)].map((remove) => ({ remove, add: null }));
  const edits = [recordsEvent(zone, items, 'after')];
  const verdict = await world.clock.runUntilSettled(
    engineOf(world).answer({ kind: 'edits', edits }, new AbortController().signal),
  );
  assert.equal(verdict.kind, 'accept');
  await world.clock.runUntil(70_000);
  put(world, 'panel', [ftp]);
  await world.clock.runUntil(120_000);
  assert.equal(held(world, 'central', www), false);
  assert.equal(held(world, 'central', ftp), true);
});
