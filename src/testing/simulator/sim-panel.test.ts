import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseName } from '../../dns/name.ts';
import { recordId } from '../../dns/record.ts';
import { systemClock } from '../../app/wiring/clock.ts';
import { panelContract } from '../contracts/panel.ts';
import { VirtualClock } from '../virtual-clock.ts';
import { Random } from './random.ts';
import { PanelStore, SimPanel } from './sim-panel.ts';

panelContract('simulated panel', () => {
  const store = new PanelStore();
  // Here, reads take no time, because the contract checks only their results.
  const panel = new SimPanel(store, { ...systemClock, sleep: () => Promise.resolve() }, new Random(1), {
    dead: false,
  });
  return Promise.resolve({
    panel,
    makeZone: (zone, records) => {
      store.zones.set(zone, new Map(records.map((record) => [recordId(record), record])));
      return Promise.resolve();
    },
  });
});

test('issue 13, planted bugs: a zone that is read twice at once is noticed, one after the other is not', async () => {
  const clock = new VirtualClock();
  const panel = new SimPanel(new PanelStore(), clock, new Random(1), { dead: false });
  const overlaps: string[] = [];
  panel.onOverlap = (name) => overlaps.push(name);
  const zone = parseName('example.org.');
  const read = (): Promise<unknown> =>
    panel.readZone(zone, { signal: new AbortController().signal, operation: '-' });
  await clock.runUntilSettled(read());
  await clock.runUntilSettled(read());
  assert.deepEqual(overlaps, []);
  await clock.runUntilSettled(Promise.all([read(), read()]));
  assert.deepEqual(overlaps, [zone]);
});
