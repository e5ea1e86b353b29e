/** Tests a central where only the provider creates zones: no zone there counts as made by us. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { EditEvent } from '../panel.ts';
import { administrator } from '../../testing/simulator/edits.ts';
import { a, given, held, put, viewOf, zone } from '../../testing/simulator/given.ts';

const minute = 60_000;

const create = (stage: 'before' | 'after'): EditEvent => ({
  kind: 'zone-create',
  stage,
  zone,
  seed: { addresses: [], nameServers: [], mailServers: [] },
  fingerprint: 'create',
  actor: administrator,
  echo: null,
});

for (const keeps of [false, true]) {
  it(`a zone that the provider makes while we are killed in a create is not ours (the panel ${keeps ? 'keeps' : 'refuses'} it)`, async () => {
    for (let at = 0; at < 400; at += 20) {
      const world = await given({ panel: null, central: null }, ({ central }) => {
        central.managesZones = false;
      });
      const local = { refuses: !keeps, takes: 10, afterLost: false, visibleAfter: 0 };
      void world.edit(create, () => keeps, local);
      await world.clock.runUntil(world.clock.now() + at);
      world.kill();
      put(world, 'central', [a('www', 7), a('mail', 8)]);
      if (keeps) put(world, 'panel', [a('www', 1)]);
      await world.clock.runUntilSettled(world.start());
      await world.clock.runUntil(world.clock.now() + 10 * minute);
      for (const record of [a('www', 7), a('mail', 8)])
        assert.ok(held(world, 'central', record), `killed after ${at} ms`);
      const { open } = await viewOf(world, zone);
      assert.deepEqual(open, [], `killed after ${at} ms`);
    }
  });
}
