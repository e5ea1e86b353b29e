/** Tests that an unreadable zone of the panel affects no other zone (issue 12.11). */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { parseName } from '../../dns/name.ts';
import { recordId } from '../../dns/record.ts';
import { a, engineOf, given, held, put, viewOf, zone, zoneState } from '../../testing/simulator/given.ts';

const minute = 60_000;
const other = parseName('example.net.');

for (const code of ['panel.garbled', 'panel.refused'] as const)
  it(`issue 12.11: ${code} of one zone holds up the first comparison of no other`, async () => {
    const world = await given({ panel: [a('www', 1)], central: [a('www', 1)] }, ({ panel, central }) => {
      panel.refusing.set(zone, code);
      for (const side of [panel, central])
        side.zones.set(other, new Map([a('www', 1)].map((one) => [recordId(one), one])));
    });
    const { clock, panel } = world;
    await clock.runUntil(clock.now() + minute);
    const of = async (one: typeof zone): Promise<string | undefined> =>
      (await viewOf(world, one)).entry?.state;
    assert.deepEqual([await of(other), await of(zone)], ['synced', undefined]);
    await clock.runUntil(clock.now() + 15 * minute);
    const { entry } = await viewOf(world, zone);
    assert.deepEqual([entry?.state, entry?.note], ['panel-only', code]);
    panel.refusing.clear();
    put(world, 'panel', [a('www', 1), a('new', 2)]);
    await clock.runUntil(clock.now() + 70 * minute);
    assert.equal(await zoneState(world), 'synced');
    assert.equal(held(world, 'central', a('new', 2)), false, 'what was there when it is synced is old');
  });

it('issue 12.11: a synced zone that the panel cannot show says so until it can', async () => {
  const world = await given({ panel: [a('www', 1)], central: [a('www', 1)] });
  const { clock, panel } = world;
  const noteAfter = async (ms: number): Promise<unknown[]> => {
    engineOf(world).compare(zone, 'periodic');
    await clock.runUntil(clock.now() + ms);
    const { entry } = await viewOf(world, zone);
    return [entry?.state, entry?.note];
  };
  panel.refusing.set(zone, 'panel.garbled');
  assert.deepEqual(await noteAfter(minute), ['synced', 'panel.garbled']);
  panel.refusing.set(zone, 'panel.unreachable');
  assert.deepEqual(await noteAfter(minute), ['synced', 'panel.garbled']);
  panel.refusing.clear();
  assert.deepEqual(await noteAfter(20 * minute), ['synced', null]);
});
